/** A machine that is reached over SSH: its link and its host, which share one connection. */
import pLimit from 'p-limit';
import type { NodeHost } from '../../conductor/interfaces/engine.ts';
import type { NodeLink, NodeReading } from '../../conductor/interfaces/link.ts';
import type { BatonError } from '../../errors.ts';
import type { Observation } from '../helper/answers.ts';
import { commands, type HelperCommand, type RunOptions } from '../helper/commands.ts';
import { DEFAULT_NODE_ROOT, SSH_LIMITS, type SshLimits } from '../limits.ts';
import { bootstrap } from './bootstrap/bootstrap.ts';
import { isSilence } from './circuit.ts';
import { cleanDisk } from './clean.ts';
import { runHelper } from './helper.ts';
import { createRemoteHost } from './host.ts';
import { createWay, type Line } from './way.ts';

export interface SshNodeOptions {
  readonly nodeId: string;
  readonly name: string;
  /** The private key that logs in to the node, in a form that OpenSSH or PuTTY writes, without a passphrase. */
  readonly keyOf: (nodeId: string) => Promise<string>;
  /** Where the script and the worlds are on the node. Default {@link DEFAULT_NODE_ROOT}. */
  readonly root?: string;
  /** Where Docker listens on the node, as in `DOCKER_HOST`; a unix socket. */
  readonly dockerHost?: string;
  readonly limits?: SshLimits;
  /** Private IPv4 network that the servers' networks are cut from. */
  readonly networkPool?: string;
  /** Told of troubles that the engine overcomes by itself; for the log. */
  readonly onProblem?: (problem: BatonError) => void;
}

export interface SshNode {
  readonly link: NodeLink;
  /** Works over the connection that the link has opened, and fails at once when there is none. */
  readonly host: NodeHost;
}

const DEFAULT_DOCKER_HOST = 'unix:///var/run/docker.sock';

export function createSshNode(options: SshNodeOptions): SshNode {
  const { nodeId, keyOf, limits = SSH_LIMITS, root = DEFAULT_NODE_ROOT, dockerHost = DEFAULT_DOCKER_HOST } = options;
  const place = { root, dockerHost, dockerSocket: new URL(dockerHost).pathname };
  const way = createWay({ ...place, keyOf, limits });
  const oneOfFew = pLimit(limits.commandsAtOnce);
  let toldEpoch: number | null = null;

  const over = <T>({ connection }: Line, command: HelperCommand<T>, { signal, deadlineMs }: RunOptions): Promise<T> =>
    oneOfFew(() => runHelper(connection, root, command, { signal, deadlineMs: deadlineMs ?? limits.commandMs }));

  /** For the link, which opens the connection if it must. */
  const tell = async <T>(command: HelperCommand<T>, signal: AbortSignal, deadlineMs = limits.commandMs) =>
    over(await way.open(signal), command, { signal, deadlineMs });

  /** One round trip in the long conversation. */
  const ask = async (command: HelperCommand<Observation>, signal: AbortSignal): Promise<NodeReading> => {
    const { session } = await way.open(signal);
    return way.circuit.run(() => session.run(command, { signal, deadlineMs: limits.beatMs }));
  };

  return {
    link: {
      async bootstrap(target, progress, signal) {
        way.close();
        return bootstrap(target, { ...place, privateKey: await keyOf(nodeId), limits, progress, signal });
      },
      async connect(target, signal) {
        way.aim(target);
        try {
          return await ask(commands.observe(), signal);
        } catch (thrown) {
          // One that is open but silent may have lost its way, and a new one need not.
          if (isSilence(thrown)) way.close();
          throw thrown;
        }
      },
      heartbeat(leaseEpoch, grant, signal) {
        toldEpoch = leaseEpoch;
        return ask(commands.heartbeat(leaseEpoch, grant ?? undefined), signal);
      },
      observe: (signal) => ask(commands.observe(), signal),
      async keep(placement, signal) {
        await tell(commands.keep(placement), signal);
      },
      async stop(placement, signal) {
        await tell(commands.stop(placement), signal, limits.slowCommandMs);
      },
      async quarantine(placement, signal) {
        await tell(commands.quarantine(placement), signal, limits.slowCommandMs);
      },
      async cleanDisk(signal) {
        return cleanDisk(await way.open(signal), place, signal);
      },
      async uninstall(leaseEpoch, signal) {
        await tell(commands.uninstall(leaseEpoch), signal, limits.slowCommandMs);
      },
      async close() {
        way.close();
      },
    },
    host: createRemoteHost({
      ...options,
      ...place,
      limits,
      way,
      leaseEpoch: () => toldEpoch,
      run: async (command, runOptions = {}) => over(await way.existing(runOptions.signal), command, runOptions),
    }),
  };
}
