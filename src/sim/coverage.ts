/** Which states and transitions of the statecharts a run has been through. */
import type { TurnCommit } from '../actors/store.ts';

export interface Coverage {
  readonly states: ReadonlySet<string>;
  readonly transitions: ReadonlySet<string>;
  readonly turns: number;
  note(turn: TurnCommit): void;
}

export function createCoverage(): Coverage {
  const states = new Set<string>();
  const transitions = new Set<string>();
  let turns = 0;
  return {
    states,
    transitions,
    get turns() {
      return turns;
    },
    note({ kind, event, from, to }) {
      turns += 1;
      states.add(`${kind}/${to}`);
      if (from !== null && from !== to) transitions.add(`${kind}/${from} ${event} ${to}`);
    },
  };
}
