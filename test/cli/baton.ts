import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { FakeConductor } from '../http/fixture/conductor.ts';
import { type OpenDoor, openDoor, TOKEN } from '../http/fixture/door.ts';

export const BIN = fileURLToPath(new URL('../../bin/baton', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  /** Resolves when the output holds the text. */
  says(text: string): Promise<void>;
  /** Ends it as Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<Ran>;
}

/** Starts `baton` as a user would, with nothing in its environment but what is given. */
export function start(
  t: ExecutionContext,
  args: readonly string[],
  env: Record<string, string> = {},
  bin = BIN,
): Running {
  const child = spawn(bin, args, { env: { PATH: '/usr/bin:/bin', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return {
    async says(text) {
      while (!out.includes(text))
        await Promise.race([once(child.stdout, 'data'), closed(child).then(missing(text, () => err))]);
    },
    interrupt: () => void child.kill('SIGINT'),
    ended: closed(child).then((code) => ({ code, out, err })),
  };
}

const missing = (text: string, err: () => string) => () => {
  throw new Error(`It ended without saying "${text}": ${err()}`);
};

async function closed(child: ReturnType<typeof spawn>): Promise<number | null> {
  if (child.exitCode !== null && child.stdout?.destroyed) return child.exitCode;
  await once(child, 'close');
  return child.exitCode;
}

/** A `baton` that talks to a door of this test. */
export async function batonAt(
  t: ExecutionContext,
  conductor: FakeConductor,
): Promise<OpenDoor & { baton(...args: string[]): Promise<Ran>; begin(...args: string[]): Running }> {
  const door = await openDoor(t, conductor);
  const env = { BATON_URL: door.url, BATON_TOKEN: TOKEN };
  return { ...door, baton: (...args) => start(t, args, env).ended, begin: (...args) => start(t, args, env) };
}
