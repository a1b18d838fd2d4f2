import type { ContainerSpec } from '../../../src/conductor/interfaces/engine.ts';

/** What tests seldom care about. */
export const baseSpec = {
  epoch: 1,
  env: {},
  ports: [],
  publishAddress: '127.0.0.1',
  dataPath: '/data',
  ramMb: 128,
  cpu: 1,
  pidsLimit: 64,
  capabilities: [],
  user: '',
  stdin: true,
  stopSignal: 'SIGTERM',
} satisfies Partial<ContainerSpec>;
