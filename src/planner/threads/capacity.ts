/** The thread that keeps the fleet's picture between questions, and reads before each what was written since the last one. */
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { RowAsk } from '../ask.ts';
import { explain, type RowVerdict } from '../explain.ts';
import { type Fleet, readFleet } from '../fleet.ts';
import { place } from '../place.ts';
import type { Strategy } from '../strategies.ts';
import { type RowWhatIf, whatIf } from '../what-if.ts';

export interface CapacityModel {
  /** Another generation of the fleet's memory; all questions after it are in its rows. */
  attach(buffer: SharedArrayBuffer): void;
  place(ask: RowAsk, strategy: Strategy): number;
  explain(ask: RowAsk, strategy: Strategy): RowVerdict[];
  whatIf(question: RowWhatIf, strategy: Strategy): Int32Array;
}

let attached: { readonly shared: Int32Array; readonly fleet: Fleet } | null = null;

function now(): Fleet {
  if (attached === null) throw new Error('The capacity model was asked before it was given a fleet.');
  attached.fleet.follow(attached.shared);
  return attached.fleet;
}

const model: CapacityModel = {
  attach(buffer) {
    const shared = new Int32Array(buffer);
    attached = { shared, fleet: readFleet(shared) };
  },
  place: (ask, strategy) => place(now(), ask, strategy),
  explain: (ask, strategy) => explain(now(), ask, strategy),
  whatIf: (question, strategy) => whatIf(now(), question, strategy),
};

if (parentPort !== null) expose(model, nodeEndpoint(parentPort));
