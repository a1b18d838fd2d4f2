/** A machine as a process somewhere else has it: its engine, worlds and ports, and the way to its helper. */
import type { Clock } from '../../actors/ports.ts';
import { type NodeHost, portKey, type Worlds } from '../../conductor/interfaces/engine.ts';
import type { NodeLink } from '../../conductor/interfaces/link.ts';
import type { Machine as Node } from '../../conductor/interfaces/machines.ts';
import { errors } from '../../nodes/index.ts';
import type { Asked, Channel } from './channel.ts';
import type { Helper } from './helper.ts';
import type { Machine } from './machine.ts';
import { createRemoteEngine } from './remote-engine.ts';

export interface RemoteNodeParts {
  readonly nodeId: string;
  readonly machine: Machine;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly hear: (news: () => void) => void;
  /** The machine that Baton runs on has no lease (`nodes/local-link.ts`). */
  readonly local: boolean;
}

/** What a session with the helper waits for an answer (`nodes/helper/session.ts`). */
const HELPER_MS = 6_000;
/** Commands that move data, or wait for Docker. */
const LONG_MS = 120_000;
const BOOTSTRAP_MS = 120_000;

export function createRemoteNode(parts: RemoteNodeParts): Node {
  const { machine, channel, local } = parts;
  /** The lease under which this process works; null before its first heartbeat. */
  let toldEpoch: number | null = null;

  const lease = (): number => {
    if (local) return 0;
    if (toldEpoch === null) throw errors.node_unreachable({ reason: 'it has not answered a heartbeat yet' });
    return toldEpoch;
  };

  const ask = <T>(
    name: string,
    signal: AbortSignal | undefined,
    run: (helper: Helper) => Promise<T> | T,
    deadlineMs = HELPER_MS,
    opens = false,
  ): Promise<T> => {
    const asked: Asked<T> = { point: `helper.${name}`, signal, deadlineMs, opens, run: ({ helper }) => run(helper) };
    return channel.call(asked);
  };

  /** For the link, which opens the connection if it must. */
  const tell = <T>(name: string, signal: AbortSignal, run: (helper: Helper) => Promise<T> | T, deadlineMs?: number) =>
    ask(name, signal, run, deadlineMs, true);

  /** For commands that read or write worlds. */
  const askStorage = <T>(
    name: string,
    signal: AbortSignal | undefined,
    run: (helper: Helper) => Promise<T> | T,
    opens = false,
  ) =>
    channel.call({
      point: `helper.${name}`,
      signal,
      deadlineMs: LONG_MS,
      opens,
      run: ({ storage, helper }) => storage.serve(() => run(helper)),
    });

  const worlds: Worlds = {
    dataDir: (serverId) => `/worlds/${serverId}/data`,
    ensure: async (manifest) => {
      const epoch = lease();
      return askStorage('ensure', undefined, (helper) => helper.ensure(manifest, epoch));
    },
    look: (serverId, marks, signal) => askStorage('size', signal, (helper) => helper.look(serverId, marks)),
    measure: (serverId, signal) => askStorage('size', signal, (helper) => helper.size(serverId)),
    remove: async (serverId) => {
      const epoch = lease();
      return askStorage('remove', undefined, (helper) => helper.remove(serverId, epoch));
    },
  };

  const host: NodeHost = {
    id: parts.nodeId,
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
        opens: true,
        run({ bootId }) {
          progress('The helper is installed.');
          machine.disk.installed = true;
          machine.disk.nodeId = parts.nodeId;
          const { leaseEpoch } = machine.disk;
          return { hostKey: `${machine.name} key`, bootId, leaseEpoch, ...machine.size };
        },
      }),
    connect: (_target, signal) => tell('connect', signal, (helper) => helper.observe()),
    heartbeat(leaseEpoch, grant, signal) {
      toldEpoch = leaseEpoch;
      return tell('heartbeat', signal, (helper) => (local ? helper.observe() : helper.heartbeat(leaseEpoch, grant)));
    },
    observe: (signal) => tell('observe', signal, (helper) => helper.observe()),
    keep: (placement, signal) => tell('keep', signal, (helper) => helper.keep(placement)),
    stop: (placement, signal) => tell('stop', signal, (helper) => helper.stop(placement), LONG_MS),
    quarantine: (placement, signal) => askStorage('quarantine', signal, (helper) => helper.quarantine(placement), true),
    cleanDisk: (signal) =>
      tell('cleanDisk', signal, () => {
        machine.disk.full = false;
        return { freedBytes: 1 };
      }),
    uninstall: (leaseEpoch, signal) => tell('uninstall', signal, (helper) => helper.uninstall(leaseEpoch), LONG_MS),
    close: async () => channel.close(),
  };

  return { host, link };
}
