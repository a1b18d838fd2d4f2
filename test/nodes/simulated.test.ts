import { Readable } from 'node:stream';
import anyTest, { type TestFn } from 'ava';
import type { ContainerSpec } from '../../src/conductor/interfaces/engine.ts';
import { createSimulatedEngine } from '../../src/nodes/index.ts';
import { engineConformance, type Subject } from './engine-conformance.ts';
import { fastPorts, testProgram } from './helpers/simulated.ts';
import { baseSpec } from './helpers/spec.ts';
import { eventLog } from './helpers/waiting.ts';

const test = anyTest as TestFn;

const IMAGE = 'baton-test/game:1';

function createSubject(): Subject {
  const ports = fastPorts();
  const engine = createSimulatedEngine(ports, {
    nodeId: 'node-a',
    ramMb: 4096,
    cpus: 2,
    pullMs: 1_000,
    bootMs: 100,
    stopMs: 100,
    program: testProgram,
  });
  const events = eventLog();
  engine.watch(events.listener, () => undefined, new AbortController().signal);
  let made = 0;
  return {
    engine,
    events,
    now: () => ports.clock.now(),
    spec(changes: Partial<ContainerSpec> = {}) {
      made += 1;
      return {
        ...baseSpec,
        serverId: `server-${made}`,
        nodeId: 'node-a',
        image: IMAGE,
        dataDir: '/nowhere',
        ...changes,
      };
    },
    outside: {
      stop: async (id) => engine.controls.stopOutside(id),
      kill: async (id) => engine.controls.crash(id, 137),
      remove: async (id) => engine.controls.removeOutside(id),
      async hold(protocol, port) {
        engine.controls.holdPort(protocol, port);
        return async () => engine.controls.releasePort(protocol, port);
      },
    },
  };
}

const subject = createSubject();

test.before('the image is loaded', async () => {
  const config = {
    entrypoint: ['/node'],
    cmd: [],
    env: {},
    user: '',
    exposedPorts: [],
    labels: { 'baton.test': 'say "hi" for $5' },
  };
  await subject.engine.loadImage(IMAGE, Readable.from([]), config, AbortSignal.timeout(1_000));
});

engineConformance(test, () => subject);
