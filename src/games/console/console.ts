/** Runs a console command in a game, by whatever way its template says. */
import type { GameTarget } from '../../conductor/interfaces/games.ts';
import { errors } from '../errors.ts';
import { RconRefused, rcon } from './rcon.ts';

/** Saving a large world takes a while; a game that says nothing for longer has hung. */
const ANSWER_MS = 30_000;

/**
 * Runs one command and returns what the game answered; `stdin` answers in the log only. A simulated engine
 * answers for its games.
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
      await engine.writeStdin(container.id, line, signal);
      return '';
    case 'rcon':
      return rconCommand(target, template.console, line, signal);
  }
}

async function rconCommand(
  { container, env }: GameTarget,
  { port, passwordEnv }: { readonly port: number; readonly passwordEnv: string },
  line: string,
  signal: AbortSignal,
): Promise<string> {
  if (container.address === null) throw errors.console_unreachable({ reason: 'the container is not running' });
  const deadline = AbortSignal.timeout(ANSWER_MS);
  const server = { host: container.address, port, password: env[passwordEnv] ?? '' };
  try {
    return await rcon(server, line, AbortSignal.any([signal, deadline]));
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
