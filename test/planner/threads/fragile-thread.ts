/** The fragile job on a thread that is asked through Comlink. */
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import answer from './fragile.ts';

const model = {
  answer,
  double: (value: number) => value * 2,
  refuse: () => {
    throw new RangeError('No.');
  },
};

export type FragileModel = typeof model;

if (parentPort !== null) expose(model, nodeEndpoint(parentPort));
