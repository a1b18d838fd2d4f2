/** Who looks on while a run goes on: a reader of the event log, and one who watches the machine. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.ts';
import { type Machine, twins } from './machine.ts';

/** Between two looks. */
export const LOOK_MS = 150;

export interface Observers {
  /** Sequence numbers of the events, in the order in which the reader got them. */
  readonly followed: readonly number[];
  /** What must not be, not even for a moment, and was. */
  readonly seen: ReadonlySet<string>;
  /** Lets them end: the reader once there is nothing more to read. */
  enough(): Promise<void>;
  /** Rejects when one of them cannot go on; never resolves. */
  readonly failed: Promise<never>;
}

const Page = z.object({ items: z.array(z.object({ seq: z.number() })) });

export function observe(client: Client, machine: Machine): Observers {
  const followed: number[] = [];
  const seen = new Set<string>();
  let over = false;

  /** Always from the last number that was seen. */
  async function follow(): Promise<void> {
    for (;;) {
      const wasOver = over;
      const path = `/api/events?limit=200&since=${followed.at(-1) ?? 0}`;
      const { items } = Page.parse((await client.ask({ method: 'GET', path })).body);
      followed.push(...items.map(({ seq }) => seq));
      if (items.length > 0) continue;
      if (wasOver) return;
      await pause(LOOK_MS);
    }
  }

  async function watch(): Promise<void> {
    while (!over) {
      for (const twin of twins(await machine.containers())) seen.add(twin);
      await pause(LOOK_MS);
    }
  }

  const work = Promise.all([follow(), watch()]);
  return {
    followed,
    seen,
    async enough() {
      over = true;
      await work;
    },
    failed: new Promise((_, reject) => work.catch(reject)),
  };
}
