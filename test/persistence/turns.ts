import type { TurnCommit } from '../../src/actors/store.ts';

/** What a turn asks for besides its snapshot and its line in the journal, when that is nothing. */
export const NOTHING_BESIDES = {
  consumes: null,
  timersSet: [],
  timersCancelled: [],
  effectsStarted: [],
  effectsEnded: [],
  messages: [],
  operationBegun: null,
  unstashes: null,
  operationsEnded: [],
  events: [],
  projections: [],
} satisfies Partial<TurnCommit>;
