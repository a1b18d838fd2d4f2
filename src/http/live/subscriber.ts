/**
 * One live client: the rooms it is in, and from where on it has heard them.
 *
 * Joining with `since` gives it older events from the log first. Meanwhile live events are kept back, so everything comes in
 * order, and an event that is in the log *and* comes live is given once. None can fall between: keeping back begins before the
 * first read of the log, and an event is in the log before it is published. What was given is remembered by its number, not by
 * "all up to", because transactions that end side by side may publish theirs in either order.
 */
import type { LiveEvent, Principal } from '../../actors/types.ts';
import type { Reads } from '../../conductor/interfaces/reads.ts';
import { errors } from '../errors.ts';
import type { HttpLimits } from '../limits.ts';
import { roomsOf } from './rooms.ts';

/** The way to the client. */
export interface Pipe {
  send(event: LiveEvent): void;
  /** Messages that the client has not taken yet. */
  pending(): number;
  /** Resolves when it has taken them; rejects when it takes too long or is gone. */
  drained(): Promise<void>;
  /** Ends the connection of a client that does not keep up. */
  tooSlow(): void;
}

export interface Subscriber {
  rooms(): readonly string[];
  /**
   * Joins rooms from the event after `since` on, or from now on. Resolves, after the older events were given, with the last
   * `seq` that was looked at. Rejects with `events_gone` and what the event log throws; then nothing was joined.
   */
  join(rooms: readonly string[], since?: number): Promise<number>;
  leave(rooms: readonly string[]): Promise<void>;
  /** An event was published. */
  hear(event: LiveEvent): void;
}

type Log = Pick<Reads, 'events' | 'firstEventSeq' | 'lastEventSeq'>;

/** Throws `events_gone` when some of what came after `since` may have been removed; 0 asks for whatever there is. */
export async function mustBeKept(log: Pick<Log, 'firstEventSeq'>, since: number): Promise<void> {
  if (since === 0) return;
  const oldest = await log.firstEventSeq();
  if (since < oldest - 1) throw errors.events_gone({ since, oldest });
}

/** What a room has given: the events after `from` up to `upTo` out of the log, and since then those that were published. */
interface Heard {
  readonly from: number;
  readonly upTo: number;
}

export function createSubscriber(principal: Principal, pipe: Pipe, log: Log, limits: HttpLimits): Subscriber {
  const ownerId = principal.admin ? undefined : principal.accountId;
  const joined = new Map<string, Heard>();
  /** The newest event that was published to this client, in whatever room. */
  let published = 0;
  /** Events published during a replay. */
  let kept: LiveEvent[] | null = null;
  /** The newest numbers that were given, and the greatest of those that are no longer remembered. */
  const given = new Set<number>();
  let forgotten = 0;
  /** Joining and leaving happen one after another. */
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const result = turn.then(step);
    turn = result.catch(() => {});
    return result;
  };

  const heardIn = (event: LiveEvent) => roomsOf(event).flatMap((room) => joined.get(room) ?? []);

  const send = (event: LiveEvent): void => {
    pipe.send(event);
    if (event.seq <= 0) return;
    given.add(event.seq);
    for (const seq of given) {
      if (given.size <= limits.liveMemory) break;
      given.delete(seq);
      forgotten = Math.max(forgotten, seq);
    }
  };

  /**
   * Whether it was given already. What is no longer remembered was, if one of its rooms has given all that far: out of the log,
   * or live among the first `live`.
   */
  const wasGiven = ({ seq }: LiveEvent, rooms: readonly Heard[], live: number): boolean =>
    given.has(seq) || (seq <= forgotten && rooms.some(({ from, upTo }) => seq > from && seq <= Math.max(upTo, live)));

  /** Gives what was published. Events without a number are not in the log: who is in the room gets them. */
  const give = (event: LiveEvent): void => {
    const rooms = heardIn(event).filter(({ from }) => event.seq <= 0 || event.seq > from);
    if (rooms.length === 0 || wasGiven(event, rooms, 0)) return;
    if (pipe.pending() > limits.liveQueue) pipe.tooSlow();
    else send(event);
  };

  async function replay(rooms: readonly string[], since: number): Promise<number> {
    // A room that has been heard from there on, or from earlier, has nothing to make up for.
    const fresh = new Set(rooms.filter((room) => since < (joined.get(room)?.from ?? Number.POSITIVE_INFINITY)));
    if (fresh.size === 0) return since;
    const live = published;
    const waiting: LiveEvent[] = [];
    let looked = since;
    kept = waiting;
    try {
      for (;;) {
        const batch = await log.events(looked, limits.replayBatch, ownerId);
        for (const event of batch) {
          if (isIn(event, fresh) && !wasGiven(event, heardIn(event), live)) send(event);
        }
        looked = batch.at(-1)?.seq ?? looked;
        if (batch.length < limits.replayBatch) break;
        await pipe.drained();
      }
      for (const room of fresh) joined.set(room, { from: since, upTo: looked });
      return looked;
    } finally {
      kept = null;
      waiting.forEach(give);
    }
  }

  return {
    rooms: () => [...joined.keys()],
    join: (rooms, since) =>
      inTurn(async () => {
        // A position from another life of the database may lie in the future.
        const last = await log.lastEventSeq();
        if (since !== undefined) await mustBeKept(log, since);
        return replay(rooms, Math.min(since ?? last, last));
      }),
    leave: (rooms) =>
      inTurn(async () => {
        for (const room of rooms) joined.delete(room);
      }),
    hear(event) {
      if (ownerId !== undefined && event.ownerId !== ownerId) return;
      published = Math.max(published, event.seq);
      if (kept === null) give(event);
      else if (kept.push(event) > limits.liveBuffer) pipe.tooSlow();
    },
  };
}

const isIn = (event: LiveEvent, rooms: ReadonlySet<string>): boolean => roomsOf(event).some((room) => rooms.has(room));
