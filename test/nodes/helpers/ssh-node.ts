/** This machine as a node that is reached over SSH: an sshd of its own, a node id of its own, the real Docker engine. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeTarget } from '../../../src/conductor/interfaces/link.ts';
import { SSH_LIMITS, type SshLimits } from '../../../src/nodes/limits.ts';
import { createSshNode, type SshNode } from '../../../src/nodes/ssh/node.ts';
import { openSshd, type Sshd } from './sshd.ts';

export interface SshNodeRun extends SshNode {
  readonly sshd: Sshd;
  readonly root: string;
  /** With the host key that was pinned by {@link setUp}. */
  readonly target: NodeTarget;
  /** What bootstrapping has said. */
  readonly steps: readonly string[];
  /** Takes down a step of a bootstrap. */
  readonly say: (step: string) => void;
  /** Bootstraps and connects. */
  setUp(): Promise<void>;
  /** Grants leases from now on, so that the watchdog lets containers run. */
  keepLease(leaseEpoch: number): Promise<void>;
  close(): Promise<void>;
}

export interface SshNodeRunOptions {
  readonly nodeId?: string;
  readonly limits?: Partial<SshLimits>;
}

/** Long, since a test may keep the machine busy. */
const LEASE_MS = 60_000;
const BEAT_MS = 2_000;
const DEADLINE_MS = 60_000;

export async function openSshNode(options: SshNodeRunOptions = {}): Promise<SshNodeRun> {
  const { nodeId = `test-${randomBytes(4).toString('hex')}`, limits } = options;
  const sshd = await openSshd();
  const root = join(sshd.directory, 'node');
  const keyOf = async () => sshd.privateKey;
  const node = createSshNode({ nodeId, name: 'over SSH', keyOf, root, limits: { ...SSH_LIMITS, ...limits } });
  const over = new AbortController();
  const steps: string[] = [];
  const say = (step: string) => void steps.push(step);
  const soon = () => AbortSignal.timeout(DEADLINE_MS);
  let target: NodeTarget = {
    nodeId,
    name: 'over SSH',
    ssh: { hostname: '127.0.0.1', user: 'root', port: sshd.port, dockerHost: null, root: null },
    hostKey: null,
  };
  let beats = Promise.resolve();

  const beat = async (leaseEpoch: number): Promise<void> => {
    const { clockMs, bootId } = await node.link.observe(soon());
    await node.link.heartbeat(leaseEpoch, { untilMs: clockMs + LEASE_MS, bootId }, soon());
  };

  return {
    ...node,
    sshd,
    root,
    steps,
    say,
    get target() {
      return target;
    },
    async setUp() {
      const { hostKey } = await node.link.bootstrap(target, say, soon());
      target = { ...target, hostKey };
      await node.link.connect(target, soon());
    },
    async keepLease(leaseEpoch) {
      await beat(leaseEpoch);
      beats = (async () => {
        while (!over.signal.aborted) {
          await sleep(BEAT_MS, undefined, { signal: over.signal }).catch(() => undefined);
          if (!over.signal.aborted) await beat(leaseEpoch).catch(() => undefined);
        }
      })();
    },
    async close() {
      over.abort();
      await beats;
      // Whatever the test has done to it, the watchdog goes, and what it has put aside goes with the directory.
      const last = createSshNode({ nodeId, name: 'over SSH', keyOf, root });
      try {
        await sshd.stop();
        await sshd.start();
        const { hostKey } = await last.link.bootstrap({ ...target, hostKey: null }, () => undefined, soon());
        const { leaseEpoch } = await last.link.connect({ ...target, hostKey }, soon());
        await last.link.uninstall(leaseEpoch, soon());
      } finally {
        await Promise.all([last.link.close(), node.link.close()]);
        await sshd.close();
      }
      await rm(join('/run/baton', nodeId), { recursive: true, force: true });
    },
  };
}
