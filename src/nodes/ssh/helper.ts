/** `baton-node` on a machine: brought there, kept at our version, asked. */
import { errors } from '../errors.ts';
import { type HelperCommand, type RunOptions, readAnswer } from '../helper/commands.ts';
import { HELPER_HASH, HELPER_SCRIPT } from '../helper/script.ts';
import { type HelperSession, openHelperSession } from '../helper/session.ts';
import type { SshConnection } from './connection.ts';
import { asRoot, runCommand } from './run.ts';

/** Where the script and its data are on the machine; a path without spaces and without anything that a shell reads differently. */
export type NodeRoot = string;

const UPLOAD_MS = 30_000;

export const helperLine = ({ user }: SshConnection, root: NodeRoot, words: readonly string[]): string =>
  asRoot(user, `sh ${root}/baton-node ${words.join(' ')}`);

/**
 * Brings the script to the machine if the one there is another or none. Returns whether it did; then the watchdog has to be
 * installed anew.
 *
 * @throws `disk_full`, `helper_failed`, and what {@link runCommand} throws
 */
export async function uploadHelper(connection: SshConnection, root: NodeRoot, signal?: AbortSignal): Promise<boolean> {
  const { user } = connection;
  const found = await runCommand(connection, asRoot(user, `sha256sum ${root}/baton-node`), {
    title: 'sha256sum',
    deadlineMs: UPLOAD_MS,
    signal,
  });
  if (found.stdout.startsWith(HELPER_HASH)) return false;
  // Whoever reads the script while it is replaced reads the old one or the new one, whole.
  const draft = `${root}/.baton-node.$$`;
  const write =
    `mkdir -p ${root} && cat >${draft} && sha256sum <${draft} && chmod 755 ${draft} && ` +
    `{ sync ${draft} || sync; } && mv -f ${draft} ${root}/baton-node || { rm -f ${draft}; exit 1; }`;
  const ran = await runCommand(connection, asRoot(user, `sh -c '${write}'`), {
    title: 'upload of baton-node',
    deadlineMs: UPLOAD_MS,
    input: HELPER_SCRIPT,
    signal,
  });
  if (ran.code === 0 && ran.stdout.startsWith(HELPER_HASH)) return true;
  if (/No space left|Disk quota/i.test(ran.stderr)) throw errors.disk_full({ path: root });
  throw errors.helper_failed({
    command: 'upload',
    reason: complaint(ran.stderr) ?? 'it did not arrive as it was sent',
  });
}

/**
 * Runs one command of the helper in a channel of its own.
 *
 * @throws what `readAnswer` and {@link runCommand} throw
 */
export async function runHelper<T>(
  connection: SshConnection,
  root: NodeRoot,
  command: HelperCommand<T>,
  { signal, deadlineMs }: RunOptions & { readonly deadlineMs: number },
): Promise<T> {
  const [title = ''] = command.words;
  const ran = await runCommand(connection, helperLine(connection, root, command.words), { title, deadlineMs, signal });
  const answer = ran.stdout.trim();
  if (answer !== '') return readAnswer(command, answer);
  const reason = complaint(ran.stderr) ?? `it ended with ${ran.code ?? 'a signal'} and said nothing`;
  throw errors.helper_failed({ command: title, reason });
}

/**
 * Opens the conversation that carries the heartbeats. The machine's watchdog closes the connection that it comes through
 * when the lease runs out; so it is the first thing in a connection.
 */
export async function openSession(connection: SshConnection, root: NodeRoot): Promise<HelperSession> {
  const channel = await connection.exec(helperLine(connection, root, ['serve', '--connection']));
  channel.stderr.resume();
  const session = openHelperSession(channel, channel);
  connection.over.addEventListener('abort', () => session.close(connection.over.reason));
  void session.ended.then(() => connection.close(errors.connection_lost({ address: 'the helper' })));
  return session;
}

/** The last thing that was said; null when nothing was. */
const complaint = (stderr: string): string | null => stderr.trim().split('\n').at(-1)?.slice(0, 300) || null;
