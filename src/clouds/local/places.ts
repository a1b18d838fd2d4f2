/**
 * Places for local machines: each has a number, and with it its addresses and names. Who takes one writes down who he is; what
 * somebody left who died is cleared by the next one that looks for a place.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { z } from 'zod';
import { errors } from '../errors.ts';
import { removeGroups } from './cgroups.ts';
import { BLACKHOLE, removeVeth } from './network.ts';
import { bornAt, tool } from './system.ts';

const REGISTRY = '/run/baton-local';
/** Four addresses each out of 10.214.0.0/16: network, our end, the machine's end, broadcast. */
const COUNT = 2 ** 14;
/** Clearing what several dead machines left takes a while. */
const LOCK_RETRIES = { retries: 200, minTimeout: 50, maxTimeout: 200 };

export interface Place {
  readonly number: number;
  /** Of its cgroup. */
  readonly group: string;
  /** Name of our end of its cable. */
  readonly veth: string;
  /** Our end's address, and the machine's. */
  readonly ours: string;
  readonly theirs: string;
  /** Gives the place back, with everything of the machine that is not a process. */
  release(): Promise<void>;
}

const record = z.object({ pid: z.number(), born: z.string().nullable(), directory: z.string() });

/**
 * Takes a free place.
 * @param directory the machine's own, which goes when the place is cleared
 * @throws `no_free_machine`
 */
export async function takePlace(directory: string): Promise<Place> {
  await mkdir(REGISTRY, { recursive: true, mode: 0o755 });
  const unlock = await lock(REGISTRY, { retries: LOCK_RETRIES, lockfilePath: `${REGISTRY}.lock` });
  return await takeFirstFree(directory).finally(unlock);
}

async function takeFirstFree(directory: string): Promise<Place> {
  await clearDead();
  await tool('all', 'ip', 'route', 'replace', ...BLACKHOLE);
  for (let number = 0; number < COUNT; number++) {
    const owner = { pid: process.pid, born: await bornAt(process.pid), directory };
    const made = await writeFile(recordOf(number), JSON.stringify(owner), { flag: 'wx' }).catch(
      (e: NodeJS.ErrnoException) => e,
    );
    if (made === undefined) return placeOf(number, directory);
    if (made.code !== 'EEXIST') throw made;
  }
  throw errors.no_free_machine({ count: COUNT });
}

function placeOf(number: number, directory: string | null): Place {
  const base = number * 4;
  const address = (last: number) => `10.214.${Math.floor((base + last) / 256)}.${(base + last) % 256}`;
  const [group, veth] = [`baton-local-${number}`, `baton-l${number}`];
  return {
    number,
    group,
    veth,
    ours: address(1),
    theirs: address(2),
    async release() {
      await removeVeth(veth);
      await removeGroups(group);
      if (directory !== null) await rm(directory, { recursive: true, force: true });
      await rm(recordOf(number), { force: true });
      const left = await readdir(REGISTRY);
      if (left.length === 0) await tool('all', 'ip', 'route', 'del', ...BLACKHOLE).catch(() => undefined);
    },
  };
}

/** The kernel has ended the machines of processes that are gone; their traces are left. */
async function clearDead(): Promise<void> {
  for (const number of await readdir(REGISTRY)) {
    const text = await readFile(recordOf(number), 'utf8').catch(() => null);
    const owner = record.safeParse(parse(text ?? ''));
    if (owner.success && (await bornAt(owner.data.pid)) === owner.data.born) continue;
    await placeOf(Number(number), owner.data?.directory ?? null).release();
  }
}

const recordOf = (number: number | string): string => join(REGISTRY, String(number));

/** What was half written when its writer died is nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
