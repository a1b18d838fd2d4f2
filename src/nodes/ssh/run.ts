/** Runs a command on a machine to its end. */
import { text } from 'node:stream/consumers';
import type { ClientChannel } from 'ssh2';
import { unlessAborted } from '../abort.ts';
import { errors } from '../errors.ts';
import type { SshConnection } from './connection.ts';

export interface RunCommandOptions {
  /** What errors call it. */
  readonly title: string;
  readonly deadlineMs: number;
  /** What it reads from its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Ran {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Resolves when the command has ended, however it did. One that is given up runs on: what it does, it does whole, and
 * everything that we run may be run again.
 *
 * @throws `command_timeout`, what the connection throws, or the signal's reason
 */
export async function runCommand(connection: SshConnection, command: string, options: RunCommandOptions): Promise<Ran> {
  const { title, deadlineMs, input = '', signal } = options;
  const channel = await connection.exec(command, signal);
  const late = AbortSignal.timeout(deadlineMs);
  try {
    const ended = exitOf(channel);
    const output = Promise.all([text(channel), text(channel.stderr), ended]);
    channel.end(input);
    const [stdout, stderr, code] = await unlessAborted(output, connection.over, signal, late);
    return { code, stdout, stderr };
  } catch (thrown) {
    channel.close();
    if (late.aborted && !signal?.aborted && !connection.over.aborted) {
      throw errors.command_timeout({ command: title, seconds: deadlineMs / 1000 }, { cause: thrown });
    }
    throw thrown;
  }
}

/** The code comes before the end of the output or after it. */
const exitOf = (channel: ClientChannel): Promise<number | null> =>
  new Promise((resolve) => channel.once('close', (code: number | null | undefined) => resolve(code ?? null)));

/**
 * How a user's shell is asked to run a command with all rights.
 * @param command free of single quotes, since it is put between them where another shell must read it
 */
export const asRoot = (user: string, command: string): string => (user === 'root' ? command : `sudo -n ${command}`);
