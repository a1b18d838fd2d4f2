import { late } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import { answers } from './news.ts';

/** Row, ports and data directory are being made. Left for good once a node is known. */
export const creating = createStateConfig({
  invoke: {
    id: 'prepare',
    src: 'prepare',
    input: ({ context: { id, ownerId, spec } }) => ({ serverId: id, ownerId, spec }),
    onDone: [
      { guard: 'wantsStart', target: 'starting', actions: ['notePrepared', 'clearQueue'] },
      { target: 'stopped', actions: ['notePrepared', 'succeed'] },
    ],
    onError: { target: 'failed', actions: ['blame', 'fail'] },
  },
  after: {
    prepareDeadline: { target: 'failed', actions: [{ type: 'blame', params: late('Preparing') }, 'fail'] },
  },
  on: {
    ...answers('creating'),
    delete: {
      target: 'deleted',
      actions: [{ type: 'begin', params: { undone: 'What was made of it goes with the purge.' } }, 'succeed'],
    },
  },
});
