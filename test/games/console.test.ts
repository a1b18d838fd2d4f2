import test, { type ExecutionContext } from 'ava';
import { type Habits, PASSWORD, rconServer } from './helpers/rcon-server.ts';
import { games, target, thrownBy } from './helpers/targets.ts';

async function serverAndTarget(t: ExecutionContext, habits: Habits = {}, password = PASSWORD) {
  const server = await rconServer(habits);
  t.teardown(() => server.close());
  const console = { kind: 'rcon', port: server.port, passwordEnv: 'RCON_PASSWORD' } as const;
  return { server, game: target({ console }, { env: { RCON_PASSWORD: password } }) };
}

const soon = () => AbortSignal.timeout(5000);

test('a command is run over RCON and answered', async (t) => {
  const { server, game } = await serverAndTarget(t);
  t.is(await games.console(game, 'list', soon()), 'you said list');
  t.deepEqual(server.commands, ['list']);
});

test('text that is not ASCII goes both ways', async (t) => {
  const { game } = await serverAndTarget(t);
  t.is(await games.console(game, 'say Grüße 🦑', soon()), 'you said say Grüße 🦑');
});

test('an answer of several packets arrives whole', async (t) => {
  const parts = ['a'.repeat(4096), 'b'.repeat(4096), 'c'.repeat(17)];
  const { game } = await serverAndTarget(t, { answer: () => parts, onePacketPerRead: true });
  t.is(await games.console(game, 'help', soon()), parts.join(''));
});

test('an answer that exactly fills its last packet ends', async (t) => {
  const parts = ['a'.repeat(4096), 'b'.repeat(4096)];
  const { game } = await serverAndTarget(t, { answer: () => parts });
  t.is(await games.console(game, 'help', soon()), parts.join(''));
});

test('packets that arrive in pieces are put together', async (t) => {
  const { game } = await serverAndTarget(t, { inPieces: true, emptyBeforeLogin: true });
  t.is(await games.console(game, 'list', soon()), 'you said list');
});

test('an empty response before the login is not the login', async (t) => {
  const { game } = await serverAndTarget(t, { emptyBeforeLogin: true }, 'wrong');
  t.like(await thrownBy(() => games.console(game, 'list', soon())), { code: 'console_refused', retry: 'permanent' });
});

test('a command that would be two is one', async (t) => {
  const { server, game } = await serverAndTarget(t);
  await games.console(game, 'say hello\nstop', soon());
  t.deepEqual(server.commands, ['say hello stop']);
});

test('a console that nobody listens at can be tried again', async (t) => {
  const { server, game } = await serverAndTarget(t);
  server.close();
  t.like(await thrownBy(() => games.console(game, 'list', soon())), {
    code: 'console_unreachable',
    retry: 'transient',
  });
});

test('a console that does not answer is left when the signal says so, and its connection closed', async (t) => {
  const { server, game } = await serverAndTarget(t, { answer: () => null });
  const stop = new AbortController();
  const running = thrownBy(() => games.console(game, 'list', stop.signal));
  while (server.commands.length === 0) await new Promise(setImmediate);
  stop.abort(new Error('enough'));
  t.is((await running).message, 'enough');
  while (server.connections() > 0) await new Promise(setImmediate);
});

test('a game without console says so', async (t) => {
  const game = target({ console: { kind: 'none' }, name: 'Luanti' });
  const { code, message } = await thrownBy(() => games.console(game, 'list', soon()));
  t.is(code, 'no_console');
  t.regex(message, /Luanti/);
});
