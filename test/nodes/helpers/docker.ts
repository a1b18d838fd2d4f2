/** A run's own corner of the real engine: its node ids, its image, and the way to leave nothing behind. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { ContainerSpec, Engine } from '../../../src/conductor/interfaces/engine.ts';
import { createDockerEngine, detectDocker } from '../../../src/nodes/index.ts';
import type { Subject } from '../engine-conformance.ts';
import { loadGameImage } from './image.ts';
import { baseSpec } from './spec.ts';
import { eventLog } from './waiting.ts';

export interface DockerRun extends Subject {
  readonly docker: Docker;
  readonly nodeId: string;
  readonly image: string;
  /** Another node on the same engine. */
  readonly neighbour: Engine;
  readonly neighbourId: string;
  /** Removes every container, network, image and directory of this run. */
  close(): Promise<void>;
}

/** @param engineOf makes the engine under test for a node; default: Docker on this machine */
export async function openDockerRun(
  engineOf: (nodeId: string) => Promise<Engine> = async (nodeId) => createDockerEngine({ nodeId }),
): Promise<DockerRun> {
  const found = await detectDocker();
  if (!found.available) throw new Error(`These tests need a Docker engine. ${found.reason}`);
  const run = randomBytes(4).toString('hex');
  const [nodeId, neighbourId] = [`test-${run}-a`, `test-${run}-b`];
  const docker = new Docker();
  const engine = await engineOf(nodeId);
  const events = eventLog();
  const over = new AbortController();
  await new Promise<void>((connected) => engine.watch(events.listener, connected, over.signal));
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-nodes-'));
  const image = `baton-test/game-${run}:1`;
  await loadGameImage(engine, image);
  let made = 0;
  return {
    docker,
    engine,
    events,
    nodeId,
    neighbourId,
    neighbour: createDockerEngine({ nodeId: neighbourId }),
    image,
    now: () => Date.now(),
    spec(changes: Partial<ContainerSpec> = {}) {
      made += 1;
      const { serverId = String(made), ...others } = changes;
      return { ...baseSpec, nodeId, image, dataDir, ...others, serverId: `test-${run}-${serverId}` };
    },
    outside: {
      stop: async (id) => void (await docker.getContainer(id).stop({ t: 10 })),
      kill: async (id) => void (await docker.getContainer(id).kill()),
      remove: async (id) => void (await docker.getContainer(id).remove({ force: true })),
      async hold(_protocol, port) {
        const server = createServer().listen(port, '127.0.0.1').unref();
        await once(server, 'listening');
        return async () => {
          server.close();
          await once(server, 'close');
        };
      },
    },
    async close() {
      over.abort();
      for (const node of [nodeId, neighbourId]) {
        const filters = { label: [`baton.node=${node}`] };
        for (const { Id } of await docker.listContainers({ all: true, filters })) {
          await docker.getContainer(Id).remove({ force: true, v: true });
        }
        for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
      }
      await docker.getImage(image).remove({ force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
