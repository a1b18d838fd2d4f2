/** Runs a console command in a game, by whatever way its template says. */
import { setTimeout as delay } from 'node:timers/promises';
import type { GameTarget } from '../../conductor/interfaces/games.ts';
import { errors } from '../errors.ts';
import { dial } from '../reach.ts';
import { RconRefused, rcon } from './rcon.ts';

/** A game that reads standard input answers in its log, with whatever it says until it has been quiet for so long. */
const QUIET_MS = 250;
const QUIET_MAX_MS = 2_000;

/** Saving a large world takes a while; a game that says nothing for longer has hung. */
const ANSWER_MS = 30_000;

/**
 * Runs one command and returns what the game answered; for `stdin` that is what it says in its log right after. A simulated
 * engine answers for its games.
 *
 * @throws `no_console`, transient `console_unreachable`, or the signal's reason
 */
export async function runCommand(target: GameTarget, command: string, signal: AbortSignal): Promise<string> {
  const { template, engine, container } = target;
  const line = oneLine(command);
  if (template.console.kind === 'none') throw errors.no_console({ game: template.name });
  if (engine.simulated) return engine.simulated.console(container.id, line);
  switch (template.console.kind) {
    case 'stdin':
      return stdinCommand(target, line, signal);
    case 'rcon':
      return rconCommand(target, template.console, line, signal);
  }
}

/** The last line of the log, which is there already, tells that we hear; what comes after it is the answer. */
async function stdinCommand({ engine, container }: GameTarget, line: string, signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  const enough = new AbortController();
  const stop = AbortSignal.any([signal, enough.signal]);
  const listening = engine.followLogs(container.id, 1, (said) => void lines.push(said), stop);
  try {
    await quiet(lines, (heard) => heard > 0, signal);
    const old = lines.length;
    await engine.writeStdin(container.id, line, signal);
    await heardSince(lines, old, signal);
    await quiet(lines, () => false, signal);
    return lines.slice(old).join('\n');
  } finally {
    enough.abort();
    await listening.catch(() => undefined);
  }
}

/** Waits until the game begins to answer; one that says nothing to a command is not waited for any longer than this. */
async function heardSince(lines: readonly string[], old: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + QUIET_MAX_MS;
  while (lines.length === old && performance.now() < until) await delay(QUIET_MS / 10, undefined, { signal });
}

/** Waits until nothing was heard for a while, or enough was. */
async function quiet(lines: readonly string[], enough: (heard: number) => boolean, signal: AbortSignal): Promise<void> {
  const until = performance.now() + QUIET_MAX_MS;
  let [heard, heardAt] = [lines.length, performance.now()];
  while (!enough(lines.length) && performance.now() < Math.min(until, heardAt + QUIET_MS)) {
    await delay(QUIET_MS / 10, undefined, { signal });
    if (lines.length !== heard) [heard, heardAt] = [lines.length, performance.now()];
  }
}

async function rconCommand(
  target: GameTarget,
  { port, passwordEnv }: { readonly port: number; readonly passwordEnv: string },
  line: string,
  signal: AbortSignal,
): Promise<string> {
  const deadline = AbortSignal.timeout(ANSWER_MS);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const connection = await dial(target, port, either);
    return await rcon(connection, target.env[passwordEnv] ?? '', line, either).finally(() => connection.destroy());
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RconRefused) throw errors.console_refused({}, { cause: error });
    const reason = deadline.aborted ? `no answer within ${ANSWER_MS / 1000} s` : String(error);
    throw errors.console_unreachable({ reason }, { cause: error });
  }
}

/** A line break would begin a second command. */
function oneLine(command: string): string {
  return command.replace(/[\r\n]+/g, ' ').trim();
}
