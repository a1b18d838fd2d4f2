import type { AnyMachineSnapshot } from 'xstate';
import type { Address, LiveEvent, Turn } from './types.ts';

/** What a turn left of an actor, once it is committed. */
export interface ActorState {
  readonly address: Address;
  readonly seq: number;
  /** Null when it has ended. */
  readonly snapshot: AnyMachineSnapshot | null;
}

export interface Inspection {
  /** Told before anything else follows from the turn. */
  state(state: ActorState): void;
  turn(turn: Turn): void;
  events(events: readonly LiveEvent[]): void;
  /** The newest turns, oldest first. */
  recent(): readonly Turn[];
  onEvent(listener: (event: LiveEvent) => void): () => void;
  onTurn(listener: (turn: Turn) => void): () => void;
  onState(listener: (state: ActorState) => void): () => void;
}

/** Keeps the last committed turns and tells listeners. A listener that throws is reported and does not stop the others. */
export function createInspection(size: number, report: (error: unknown) => void): Inspection {
  const ring: Turn[] = [];
  let next = 0;
  const onEvent = new Set<(event: LiveEvent) => void>();
  const onTurn = new Set<(turn: Turn) => void>();
  const onState = new Set<(state: ActorState) => void>();

  const tell = <T>(listeners: ReadonlySet<(value: T) => void>, value: T): void => {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        report(error);
      }
    }
  };
  const subscribe = <T>(listeners: Set<T>, listener: T): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  return {
    state: (state) => tell(onState, state),
    turn(turn) {
      ring[next] = turn;
      next = (next + 1) % size;
      tell(onTurn, turn);
    },
    events(events) {
      for (const event of events) tell(onEvent, event);
    },
    recent: () => [...ring.slice(next), ...ring.slice(0, next)],
    onEvent: (listener) => subscribe(onEvent, listener),
    onTurn: (listener) => subscribe(onTurn, listener),
    onState: (listener) => subscribe(onState, listener),
  };
}
