import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { portKey } from '../../src/conductor/interfaces/engine.ts';
import { hostPortsTaken } from '../../src/nodes/host-ports.ts';
import { createLocalNode, createSimulatedEngine, SIMULATED_DEFAULTS } from '../../src/nodes/index.ts';
import { fastPorts } from './helpers/simulated.ts';
import { freePort } from './helpers/waiting.ts';

test('a port on which somebody listens is taken, for its own protocol only', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const taken = await hostPortsTaken('127.0.0.1', [
    { protocol: 'tcp', host: port },
    { protocol: 'udp', host: port },
  ]);
  server.close();
  t.deepEqual([...taken], [portKey('tcp', port)]);
});

test('a bound UDP port is taken', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const taken = await hostPortsTaken('0.0.0.0', [{ protocol: 'udp', host: port }]);
  socket.close();
  t.deepEqual([...taken], [portKey('udp', port)]);
});

test('a port that is held on one address is taken on all', async (t) => {
  const server = createServer().listen(0, '127.0.0.2');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const taken = await hostPortsTaken('0.0.0.0', [{ protocol: 'tcp', host: port }]);
  server.close();
  t.true(taken.has(portKey('tcp', port)));
});

test('a free port is free, and still free after it was looked at', async (t) => {
  const host = await freePort();
  for (const protocol of ['tcp', 'udp'] as const) {
    t.is((await hostPortsTaken('127.0.0.1', [{ protocol, host }])).size, 0);
    t.is((await hostPortsTaken('127.0.0.1', [{ protocol, host }])).size, 0);
  }
});

test('an address that the machine does not have is a permanent error', async (t) => {
  const ports = [{ protocol: 'tcp', host: await freePort() }] as const;
  await t.throwsAsync(hostPortsTaken('198.51.100.7', ports), { code: 'publish_address_invalid' });
});

test('a simulated node knows only the ports of its simulated machine', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const engine = createSimulatedEngine(fastPorts(), { ...SIMULATED_DEFAULTS, nodeId: 'n' });
  const node = createLocalNode({ id: 'n', name: 'n', engine, dataRoot: '/nowhere', publishAddress: '127.0.0.1' });
  engine.controls.holdPort('udp', 7);
  const asked = [
    { protocol: 'tcp', host: port },
    { protocol: 'udp', host: 7 },
  ] as const;
  t.deepEqual([...(await node.portsTaken(asked))], ['udp/7']);
  engine.controls.holdPort('udp', 8);
  t.deepEqual([...(await node.portsTaken(asked))], ['udp/7'], 'ports that were not asked for are not answered');
  server.close();
});
