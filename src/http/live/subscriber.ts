/**
 * One live client: the rooms it is in, and from where on it has heard them.
 *
 * Joining with `since` gives it older events from the log first. Meanwhile live events are kept back, so everything comes in
 * order, and an event that is in the log *and* comes live is given once. None can fall between: keeping back begins before the
 * first read of the log, and an event is in the log before it is published.
 */
import type { LiveEvent, Principal } from '../../actors/types.ts';
import type { Reads } from '../../conductor/interfaces/reads.ts';
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
   * `seq` that was looked at. Rejects with what the event log throws; then nothing was joined.
   */
  join(rooms: readonly string[], since?: number): Promise<number>;
  leave(rooms: readonly string[]): Promise<void>;
  /** An event was published. */
  hear(event: LiveEvent): void;
}

type Log = Pick<Reads, 'events' | 'lastEventSeq'>;

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
  /** Joining and leaving happen one after another. */
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const result = turn.then(step);
    turn = result.catch(() => {});
    return result;
  };

  const heardIn = (event: LiveEvent) => roomsOf(event).flatMap((room) => joined.get(room) ?? []);

  /** Whether one of its rooms has given the event out of the log, or live when it was among the first `live` ones. */
  const wasGiven = (event: LiveEvent, live: number): boolean =>
    heardIn(event).some(({ from, upTo }) => event.seq > from && event.seq <= Math.max(upTo, live));

  /** Events without a number are not in the log: who is in the room gets them. */
  const give = (event: LiveEvent): void => {
    const isNew = event.seq <= 0 || (!wasGiven(event, 0) && heardIn(event).some(({ upTo }) => event.seq > upTo));
    if (!isNew || heardIn(event).length === 0) return;
    if (pipe.pending() > limits.liveQueue) pipe.tooSlow();
    else pipe.send(event);
  };

  async function replay(rooms: readonly string[], since: number): Promise<number> {
    const fresh = new Set(rooms);
    const live = published;
    const waiting: LiveEvent[] = [];
    let looked = since;
    kept = waiting;
    try {
      for (;;) {
        const batch = await log.events(looked, limits.replayBatch, ownerId);
        for (const event of batch) if (isIn(event, fresh) && !wasGiven(event, live)) pipe.send(event);
        looked = batch.at(-1)?.seq ?? looked;
        if (batch.length < limits.replayBatch) break;
        await pipe.drained();
      }
      for (const room of rooms) {
        const { from, upTo } = joined.get(room) ?? { from: since, upTo: looked };
        joined.set(room, { from: Math.min(from, since), upTo: Math.max(upTo, looked) });
      }
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
