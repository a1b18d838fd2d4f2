/** What the probes wrote, and what that says about copies of a server. Pure, but for reading the files of a machine. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_NODE_ROOT } from '../../../src/nodes/limits.ts';
import type { FleetNode } from '../fleet.ts';

export interface Write {
  /** The container that wrote it: the first digits of its id. */
  readonly copy: string;
  readonly count: number;
  /** Of CLOCK_MONOTONIC, just before it was written. */
  readonly atMs: number;
}

export const COPY_DIGITS = 12;

const LINE = /^(\w{12}) (\d+) (\d+)$/;

export function parseWrites(text: string): Write[] {
  return text.split('\n').flatMap((line) => {
    const [, copy, count, ns] = LINE.exec(line) ?? [];
    return copy === undefined ? [] : [{ copy, count: Number(count), atMs: Number(ns) / 1e6 }];
  });
}

/** Everything that was ever written of a server on a machine that is on: in its world, and in what was put aside. */
export async function writesOn(machine: FleetNode, serverId: string): Promise<Write[]> {
  const root = machine.path(DEFAULT_NODE_ROOT);
  const aside = (await readdir(join(root, 'quarantine')).catch(() => [])).filter((name) => name.startsWith(serverId));
  const places = [join(root, 'servers', serverId), ...aside.map((name) => join(root, 'quarantine', name))];
  const texts = await Promise.all(places.map((place) => readFile(join(place, 'data/writes'), 'utf8').catch(() => '')));
  return texts.flatMap(parseWrites);
}

/** Worlds of a server that were put aside on a machine that is on. */
export async function putAside(machine: FleetNode, serverId: string): Promise<readonly string[]> {
  const names = await readdir(join(machine.path(DEFAULT_NODE_ROOT), 'quarantine')).catch(() => []);
  return names.filter((name) => name.startsWith(serverId));
}

/** The longest time, ms, during which two copies of one server were writing. 0: there never were two. */
export function overlapMs(writes: readonly Write[]): number {
  const spans = [...Map.groupBy(writes, ({ copy }) => copy).values()].map((own) => ({
    from: Math.min(...own.map(({ atMs }) => atMs)),
    to: Math.max(...own.map(({ atMs }) => atMs)),
  }));
  let [longest, open] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    longest = Math.max(longest, Math.min(open, to) - from);
    open = Math.max(open, to);
  }
  return longest;
}

/** The longest time, ms, between two writes of which at least one lies after `sinceMs`. */
export function longestGapMs(writes: readonly Write[], sinceMs = Number.NEGATIVE_INFINITY): number {
  const times = writes.map(({ atMs }) => atMs).sort((a, b) => a - b);
  const gaps = times.slice(1).map((at, index) => (at < sinceMs ? 0 : at - (times[index] ?? at)));
  return Math.max(0, ...gaps);
}

/** Writes of `before` that `after` does not have. */
export function missing(before: readonly Write[], after: readonly Write[]): readonly Write[] {
  const there = new Set(after.map(keyOf));
  return before.filter((write) => !there.has(keyOf(write)));
}

const keyOf = ({ copy, count, atMs }: Write): string => `${copy} ${count} ${atMs}`;
