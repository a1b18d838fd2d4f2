/** Every operation ends by its deadline: what its states may take, and as long as Baton or its database was away. */
import type { ServerLimits } from '../../machines/server/index.ts';
import type { MakeInvariant, World } from '../world.ts';

export const operations: MakeInvariant = (world, violation) => {
  const { tables, settings } = world;
  const allowed = longestMs(settings.server, world.games.template('flying-squid'));
  /** Seconds of life that each running operation has had. */
  const lived = new Map<string, number>();
  return {
    onSecond() {
      if (!isUp(world)) return;
      for (const { id, status, command, target } of tables.operations.values()) {
        if (status !== 'running') {
          lived.delete(id);
          continue;
        }
        const seconds = (lived.get(id) ?? 0) + 1;
        lived.set(id, seconds);
        if (seconds * 1000 === Math.ceil(allowed / 1000) * 1000) {
          violation(`${command} ${id} on ${target} still runs after ${seconds} s`);
        }
      }
    },
    atEnd() {
      for (const { id, status, command, target } of tables.operations.values()) {
        if (status === 'running') violation(`${command} ${id} on ${target} never ends`);
      }
    },
  };
};

/** Somebody serves, and the database can be reached. */
export const isUp = ({ host, database }: World): boolean =>
  !database.weather.cut() && host.processes().some(({ life, baton }) => life.alive && baton?.healthy() === true);

/**
 * The longest chain of states that one operation can go through, each for all of its time: a restart that stops, waits for
 * room, starts, and is undone.
 */
function longestMs(limits: ServerLimits, { bootSeconds, stop: { graceSeconds } }: Timed): number {
  const graceMs = graceSeconds * 1000;
  const stop = graceMs + limits.stopMarginMs;
  const start = limits.queueMs + limits.placeMs + limits.fetchMs + graceMs + limits.createMs + bootSeconds * 1000;
  const undone = stop + graceMs + limits.removeMs + bootSeconds * 1000;
  return (
    Math.max(limits.announceMs + limits.saveMs + stop + limits.verifyMs + start + undone, limits.purgeMs) + SLACK_MS
  );
}

interface Timed {
  readonly bootSeconds: number;
  readonly stop: { readonly graceSeconds: number };
}

/** Timers are looked for once a second; each of a dozen states may be left late by so much. */
const SLACK_MS = 30_000;
