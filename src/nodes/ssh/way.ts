/**
 * The one connection to a machine, kept for all who speak to it. Whoever asks the machine how it is opens it; all others
 * use the one that is there, or fail at once.
 */
import type { NodeTarget } from '../../conductor/interfaces/link.ts';
import { unlessAborted } from '../abort.ts';
import { errors } from '../errors.ts';
import { commands } from '../helper/commands.ts';
import type { HelperSession } from '../helper/session.ts';
import type { SshLimits } from '../limits.ts';
import { type Circuit, createCircuit } from './circuit.ts';
import { openConnection, type SshConnection } from './connection.ts';
import { addressText } from './explain.ts';
import { type NodeRoot, openSession, runHelper, uploadHelper } from './helper.ts';

export interface WayOptions {
  readonly root: NodeRoot;
  /** As in `DOCKER_HOST`, on the machine. */
  readonly dockerHost: string;
  /** The private key to log in with. */
  readonly keyOf: (nodeId: string) => Promise<string>;
  readonly limits: SshLimits;
}

/** A connection whose channels the circuit counts, and the helper's conversation in it. */
export interface Line {
  readonly connection: SshConnection;
  readonly session: HelperSession;
}

export interface Way {
  readonly circuit: Circuit;
  /** Where the machine is; null before it was first connected to. */
  target(): NodeTarget | null;
  /** Goes there from now on. A connection to elsewhere, or under another host key, is closed. */
  aim(target: NodeTarget): void;
  /** The line, opened if there is none. Several who ask at once share one attempt. */
  open(signal: AbortSignal): Promise<Line>;
  /** The line that is there. Throws `node_unreachable` at once when there is none. */
  existing(signal?: AbortSignal): Promise<Line>;
  close(): void;
}

export function createWay(options: WayOptions): Way {
  const { limits } = options;
  let aimed: NodeTarget | null = null;
  let line: { readonly opened: Promise<Line>; readonly giveUp: AbortController } | null = null;

  const circuit = createCircuit(limits, () => close());

  const start = (target: NodeTarget) => {
    const giveUp = new AbortController();
    const opened = circuit.run(() => openLine(target, options, circuit, giveUp.signal));
    const mine = { opened, giveUp };
    const forget = () => {
      if (line === mine) line = null;
    };
    opened.then(({ connection: { over } }) => {
      if (over.aborted) forget();
      else over.addEventListener('abort', forget);
    }, forget);
    return mine;
  };

  const close = () => {
    const reason = errors.node_unreachable({ reason: 'the connection was given up' });
    line?.giveUp.abort(reason);
    line?.opened.then(({ connection }) => connection.close(reason)).catch(() => undefined);
    line = null;
  };

  return {
    circuit,
    close,
    target: () => aimed,
    aim(target) {
      if (
        aimed !== null &&
        JSON.stringify([aimed.ssh, aimed.hostKey]) !== JSON.stringify([target.ssh, target.hostKey])
      ) {
        close();
      }
      aimed = target;
    },
    async open(signal) {
      signal.throwIfAborted();
      if (aimed === null) throw errors.node_unreachable({ reason: 'nobody has said where it is yet' });
      line ??= start(aimed);
      return await unlessAborted(line.opened, signal);
    },
    async existing(signal) {
      signal?.throwIfAborted();
      circuit.assertClosed();
      if (line === null) throw errors.node_unreachable({ reason: 'there is no connection to it' });
      return await unlessAborted(line.opened, signal);
    },
  };
}

async function openLine(target: NodeTarget, options: WayOptions, circuit: Circuit, signal: AbortSignal): Promise<Line> {
  const { root, dockerHost, limits } = options;
  if (target.hostKey === null) throw errors.host_key_unknown({ address: addressText(target.ssh) });
  const privateKey = await options.keyOf(target.nodeId);
  const connection = await openConnection({ address: target.ssh, privateKey, pin: target.hostKey, limits, signal });
  try {
    if (await uploadHelper(connection, root, signal)) {
      const install = commands.install(target.nodeId, dockerHost);
      await runHelper(connection, root, install, { signal, deadlineMs: limits.slowCommandMs });
    }
    const session = await openSession(connection, root);
    return { connection: counted(connection, circuit), session };
  } catch (thrown) {
    connection.close(errors.connection_lost({ address: addressText(target.ssh) }));
    throw thrown;
  }
}

/** Whether a channel opens shows whether the machine answers. */
function counted(connection: SshConnection, circuit: Circuit): SshConnection {
  return {
    ...connection,
    exec: (command, signal) => circuit.run(() => connection.exec(command, signal)),
    dialSocket: (path, signal) => circuit.run(() => connection.dialSocket(path, signal)),
    dialTcp: (address, port, signal) => circuit.run(() => connection.dialTcp(address, port, signal)),
  };
}
