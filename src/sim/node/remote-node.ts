/** A machine as a process somewhere else has it: its engine, worlds and ports, and the way to its helper. */
import type { Clock } from '../../actors/ports.ts';
import { type NodeHost, portKey, type Worlds } from '../../conductor/interfaces/engine.ts';
import type { NodeLink } from '../../conductor/interfaces/link.ts';
import type { Asked, Channel } from './channel.ts';
import type { Helper } from './helper.ts';
import type { Machine } from './machine.ts';
import { createRemoteEngine } from './remote-engine.ts';

export interface RemoteNode {
  readonly host: NodeHost;
  readonly link: NodeLink;
}

export interface RemoteNodeParts {
  readonly machine: Machine;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly hear: (news: () => void) => void;
  /** The epoch of the node's lease, for what must not be done under an older one; null where there is no lease. */
  readonly leaseEpoch: () => number | null;
}

/** What a session with the helper waits for an answer (`nodes/helper/session.ts`). */
const HELPER_MS = 6_000;
/** Commands that move data, or wait for Docker. */
const LONG_MS = 60_000;
const BOOTSTRAP_MS = 120_000;

export function createRemoteNode(parts: RemoteNodeParts): RemoteNode {
  const { machine, channel } = parts;

  const ask = <T>(
    name: string,
    signal: AbortSignal | undefined,
    run: (helper: Helper) => Promise<T> | T,
    deadlineMs = HELPER_MS,
  ): Promise<T> => {
    const asked: Asked<T> = { point: `helper.${name}`, signal, deadlineMs, run: ({ helper }) => run(helper) };
    return channel.call(asked);
  };

  const worlds: Worlds = {
    dataDir: (serverId) => `/worlds/${serverId}/data`,
    ensure: (manifest) => ask('ensure', undefined, (helper) => helper.ensure(manifest, parts.leaseEpoch()), LONG_MS),
    observe: (serverId, signal) => ask('size', signal, (helper) => helper.size(serverId), LONG_MS),
    remove: (serverId) => ask('remove', undefined, (helper) => helper.remove(serverId, parts.leaseEpoch()), LONG_MS),
  };

  const host: NodeHost = {
    id: machine.id,
    name: machine.name,
    engine: createRemoteEngine({ ...parts, channel, machine }),
    worlds,
    portsTaken: (ports) =>
      channel.call({
        point: 'node.portsTaken',
        deadlineMs: HELPER_MS,
        run: ({ engine }) =>
          new Set(
            ports.map(({ protocol, host: port }) => portKey(protocol, port)).filter((key) => engine.heldPorts.has(key)),
          ),
      }),
  };

  const link: NodeLink = {
    bootstrap: (_target, progress, signal) =>
      channel.call({
        point: 'helper.install',
        signal,
        deadlineMs: BOOTSTRAP_MS,
        run({ bootId }) {
          progress('The helper is installed.');
          machine.disk.installed = true;
          return { hostKey: `${machine.name} key`, bootId, ...machine.size };
        },
      }),
    connect: (_target, signal) => ask('connect', signal, (helper) => helper.observe()),
    heartbeat: (leaseEpoch, grant, signal) => ask('heartbeat', signal, (helper) => helper.heartbeat(leaseEpoch, grant)),
    observe: (signal) => ask('observe', signal, (helper) => helper.observe()),
    keep: (placement, signal) => ask('keep', signal, (helper) => helper.keep(placement)),
    stop: (placement, signal) => ask('stop', signal, (helper) => helper.stop(placement), LONG_MS),
    quarantine: (placement, signal) => ask('quarantine', signal, (helper) => helper.quarantine(placement), LONG_MS),
    cleanDisk: (signal) =>
      ask('cleanDisk', signal, () => {
        machine.disk.full = false;
        return { freedBytes: 1 };
      }),
    uninstall: (leaseEpoch, signal) => ask('uninstall', signal, (helper) => helper.uninstall(leaseEpoch), LONG_MS),
    close: async () => channel.close(),
  };

  return { host, link };
}
