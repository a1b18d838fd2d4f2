/** A machine of the fleet as Baton's nodes room sees it: set up over SSH, beating, with a probe that writes to its world. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInfo } from '../../src/conductor/interfaces/engine.ts';
import type { Grant, NodeTarget } from '../../src/conductor/interfaces/link.ts';
import { createSshNode, type SshNode } from '../../src/nodes/index.ts';
import { loadProbeImage } from '../nodes/helpers/busybox-image.ts';
import { baseSpec } from '../nodes/helpers/spec.ts';
import { eventually } from '../nodes/helpers/waiting.ts';
import type { FleetNode } from './fleet.ts';

export interface JoinedNode extends SshNode {
  readonly machine: FleetNode;
  readonly target: NodeTarget;
  /** What the bootstrap said. */
  readonly steps: readonly string[];
  /** How many beats were answered, and how many were missed since the last that was. */
  readonly beats: { answered: number; missed: number };
  /** Starts a container that counts in its world ten times a second. */
  startProbe(serverId: string): Promise<ContainerInfo>;
  /** What it has last written, read past the network; 0 while the machine is off. */
  counter(serverId: string): Promise<number>;
  leave(): Promise<void>;
}

const BEAT_MS = 2_000;
const LEASE_MS = 15_000;
const IMAGE = 'baton-test/probe:1';
const LEASE_EPOCH = 1;

export async function joinNode(machine: FleetNode, beatMs = BEAT_MS): Promise<JoinedNode> {
  const { name, hostname, sshPort, user, privateKey } = machine;
  const nodeId = `fleet-${name}`;
  const node = createSshNode({ nodeId, name, keyOf: async () => privateKey });
  const steps: string[] = [];
  const soon = () => AbortSignal.timeout(180_000);
  const bare = { nodeId, name, ssh: { hostname, user, port: sshPort, dockerHost: null, root: null }, hostKey: null };
  const { hostKey } = await node.link.bootstrap(bare, (step) => steps.push(step), soon());
  const target = { ...bare, hostKey };
  const { clockMs, bootId } = await node.link.connect(target, soon());
  const over = new AbortController();
  const beats = { answered: 0, missed: 0 };
  let grant: Grant = { untilMs: clockMs + LEASE_MS, bootId };

  const beat = async () => {
    try {
      const reading = await node.link.heartbeat(LEASE_EPOCH, grant, AbortSignal.timeout(beatMs));
      grant = { untilMs: reading.clockMs + LEASE_MS, bootId: reading.bootId };
      beats.answered += 1;
      beats.missed = 0;
    } catch {
      beats.missed += 1;
    }
  };
  await beat();
  const beating = (async () => {
    while (!over.signal.aborted) {
      const next = sleep(beatMs, undefined, { signal: over.signal }).catch(() => undefined);
      await beat();
      await next;
    }
  })();
  const world = (serverId: string) => node.host.worlds.dataDir(serverId);

  const counter = async (serverId: string): Promise<number> => {
    const read = async () => readFile(machine.path(`${world(serverId)}/counter`), 'utf8');
    return Number(await read().catch(() => '0'));
  };

  return {
    ...node,
    machine,
    target,
    steps,
    beats,
    async startProbe(serverId) {
      const { engine, worlds } = node.host;
      if (!(await engine.hasImage(IMAGE))) await loadProbeImage(engine, IMAGE);
      await worlds.ensure({ serverId, epoch: 1, ownerId: 'owner', user: '' });
      const dataDir = world(serverId);
      const made = await engine.createContainer({ ...baseSpec, nodeId, serverId, image: IMAGE, epoch: 1, dataDir });
      await engine.startContainer(made.id);
      await eventually('it counts', async () => (await counter(serverId)) > 0);
      return made;
    },
    counter,
    async leave() {
      over.abort();
      await beating;
      await node.link.close();
    },
  };
}
