import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Readiness } from '../../src/conductor/interfaces/games.ts';
import { games, target, thrownBy } from './helpers/targets.ts';

const soon = () => AbortSignal.timeout(10_000);
const probe = (readiness: Readiness, port: number, signal = soon()) =>
  games.probe(target({ readiness }, { port }), signal);

/** Answers datagrams; what it returns is sent back. */
async function udp(
  t: ExecutionContext,
  answer: (question: Buffer, from: RemoteInfo) => Buffer | null,
): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const reply = answer(question, from);
    if (reply) socket.send(reply, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return socket.address().port;
}

async function tcp(t: ExecutionContext, onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const source: Readiness = { kind: 'udp_query', port: 'game', query: 'source' };
const luanti: Readiness = { kind: 'udp_query', port: 'game', query: 'luanti' };
const minecraft: Readiness = { kind: 'minecraft_status', port: 'game' };

const INFO = Buffer.concat([
  Buffer.from('ffffffff4911', 'hex'),
  Buffer.from('My server\0Muldraugh, KY\0zomboid\0Project Zomboid\0', 'latin1'),
  // App id, 3 of 16 players, no bots, dedicated, Linux, public, VAC.
  Buffer.from([0, 0, 3, 16, 0, 0x64, 0x6c, 0, 1]),
  Buffer.from('1.0.0.0\0', 'latin1'),
]);
const QUESTION = Buffer.concat([Buffer.from('ffffffff54', 'hex'), Buffer.from('Source Engine Query\0', 'latin1')]);

test('a Source query repeats the challenge and reads players and version', async (t) => {
  const challenge = Buffer.from('0badcafe', 'hex');
  const port = await udp(t, (question) => {
    if (question.equals(QUESTION)) return Buffer.concat([Buffer.from('ffffffff41', 'hex'), challenge]);
    return question.equals(Buffer.concat([QUESTION, challenge])) ? INFO : null;
  });
  t.deepEqual(await probe(source, port), { players: 3, playersMax: 16, playerNames: [], version: '1.0.0.0' });
});

test('a Source query is answered without a challenge, too', async (t) => {
  t.like(await probe(source, await udp(t, () => INFO)), { players: 3, playersMax: 16 });
});

test('a question that is lost is asked again', async (t) => {
  let asked = 0;
  const port = await udp(t, () => (++asked === 1 ? null : INFO));
  t.like(await probe(source, port), { players: 3 });
  t.is(asked, 2);
});

test('a Source answer that makes no sense is not ready', async (t) => {
  for (const answer of [Buffer.from('hello'), INFO.subarray(0, 20)]) {
    const port = await udp(t, () => answer);
    t.like(await thrownBy(() => probe(source, port)), { code: 'not_ready', retry: 'transient' });
  }
});

test('a Luanti server is asked for a peer number, which is given back', async (t) => {
  const heard: string[] = [];
  let goodbye = () => {};
  const left = new Promise<void>((resolve) => {
    goodbye = resolve;
  });
  const port = await udp(t, (question) => {
    heard.push(question.toString('hex'));
    if (question.toString('hex') !== '4f45740300000001') {
      goodbye();
      return null;
    }
    // Reliable packet 65500 with the control message "your peer number is 0x1234".
    return Buffer.from('4f457403000100' + '03ffdc' + '0001' + '1234', 'hex');
  });
  t.deepEqual(await probe(luanti, port), { players: null, playersMax: null, playerNames: [], version: null });
  await left;
  t.deepEqual(heard, ['4f45740300000001', '4f4574031234000003']);
});

test('something else on the Luanti port is not ready', async (t) => {
  const port = await udp(t, () => Buffer.from('not luanti, but as long'));
  t.like(await thrownBy(() => probe(luanti, port)), { code: 'not_ready' });
});

test('a UDP port that nobody listens at is not ready at once', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  t.like(await thrownBy(() => probe(source, port, AbortSignal.timeout(2000))), { code: 'not_ready' });
});

/** Varints up to two bytes are all that a test's answer needs. */
const varInt = (value: number) => Buffer.from(value < 128 ? [value] : [(value & 127) | 128, value >> 7]);

function statusPacket(json: string): Buffer {
  const text = Buffer.from(json, 'utf8');
  const body = Buffer.concat([varInt(0), varInt(text.length), text]);
  return Buffer.concat([varInt(body.length), body]);
}

test('a Minecraft answer that arrives byte by byte is read whole', async (t) => {
  const players = { online: 2, max: 20, sample: [{ name: 'Alex' }, { name: 'Steve' }] };
  const answer = statusPacket(
    JSON.stringify({ version: { name: 'Paper 1.21', protocol: 767 }, players, filler: 'é'.repeat(100) }),
  );
  const port = await tcp(t, async (socket) => {
    socket.setNoDelay(true);
    for (const byte of answer) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
  });
  t.deepEqual(await probe(minecraft, port), {
    players: 2,
    playersMax: 20,
    playerNames: ['Alex', 'Steve'],
    version: 'Paper 1.21',
  });
});

test('a Minecraft server that hides its players is ready', async (t) => {
  const port = await tcp(t, (socket) => socket.end(statusPacket('{"version":{"name":"1.21"},"description":"hi"}')));
  t.deepEqual(await probe(minecraft, port), { players: null, playersMax: null, playerNames: [], version: '1.21' });
});

test('a Minecraft port that hangs up, or speaks something else, is not ready', async (t) => {
  const closing = await tcp(t, (socket) => socket.end());
  t.like(await thrownBy(() => probe(minecraft, closing)), { code: 'not_ready' });
  const web = await tcp(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  t.like(await thrownBy(() => probe(minecraft, web)), { code: 'not_ready' });
});

test('a probe of a silent server ends with its signal', async (t) => {
  const stop = new AbortController();
  const connected = Promise.withResolvers<void>();
  const port = await tcp(t, () => connected.resolve());
  const probing = thrownBy(() => probe(minecraft, port, stop.signal));
  await connected.promise;
  stop.abort(new Error('enough'));
  t.is((await probing).message, 'enough');
});

test('a TCP probe asks no more than a connection', async (t) => {
  const port = await tcp(t, () => {});
  t.is((await probe({ kind: 'tcp', port: 'game' }, port)).players, null);
  const { port: closed } = await new Promise<AddressInfo>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address() as AddressInfo;
      server.close(() => resolve(address));
    });
  });
  t.like(await thrownBy(() => probe({ kind: 'tcp', port: 'game' }, closed)), { code: 'not_ready', retry: 'transient' });
});

test('a container that does not run is not ready', async (t) => {
  const game = target({ readiness: minecraft }, { port: 1 });
  const stopped = { ...game, container: { ...game.container, address: null } };
  t.like(await thrownBy(() => games.probe(stopped, soon())), { code: 'not_ready' });
});
