import test from 'ava';
import fc from 'fast-check';
import { busyPort } from '../../src/nodes/docker/create.ts';
import { pullError } from '../../src/nodes/docker/images.ts';
import { createPullProgress } from '../../src/nodes/docker/pull-progress.ts';
import { createStopRequests, STOP_WINDOW_MS } from '../../src/nodes/docker/stop-requests.ts';
import { freeSubnets, parseCidr } from '../../src/nodes/docker/subnets.ts';

test('a subnet is free when it lies in the pool and overlaps nothing that is taken', (t) => {
  const cidr = fc
    .tuple(fc.constantFrom('10.0.', '10.1.', '192.168.'), fc.nat(255), fc.nat(255), fc.integer({ min: 12, max: 32 }))
    .map(([start, c, d, bits]) => `${start}${c}.${d}/${bits}`);
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 8 }), fc.string(), (taken, key) => {
      const pool = { first: 10 * 2 ** 24, end: 10 * 2 ** 24 + 2 ** 16 };
      const [one, two, three] = freeSubnets('10.0.0.0/16', taken, key);
      for (const subnet of [one, two, three]) {
        if (subnet === undefined) continue;
        const range = parseCidr(subnet);
        if (range === null || range.first < pool.first || range.end > pool.end) return false;
        for (const other of taken.map(parseCidr)) {
          if (other !== null && other.first < range.end && range.first < other.end) return false;
        }
      }
      return true;
    }),
  );
  t.pass();
});

test('every subnet of the pool is found before it is said to be exhausted', (t) => {
  const taken: string[] = [];
  for (let i = 0; i < 16; i++) {
    const [next = 'none'] = freeSubnets('10.9.9.0/24', taken, `server-${i}`);
    taken.push(next);
  }
  t.is(new Set(taken).size, 16);
  t.deepEqual([...freeSubnets('10.9.9.0/24', taken, 'one more')], []);
});

test('a server finds its former subnet again when it is free', (t) => {
  const [first] = freeSubnets('10.0.0.0/16', [], 'server-1');
  const [again] = freeSubnets('10.0.0.0/16', ['172.17.0.0/16', 'fd00::/64'], 'server-1');
  t.truthy(first);
  t.is(again, first);
});

test('a pool that is none has no subnets', (t) => {
  for (const pool of ['', '10.0.0.0', '10.0.0.0/33', '300.0.0.0/8', '10.0.0.0/29', 'fd00::/64']) {
    t.deepEqual([...freeSubnets(pool, [], 'x')], [], pool);
  }
});

test('the busy port is read out of what each version of Docker says', (t) => {
  const sentences = [
    'driver failed programming external connectivity on endpoint baton-x-1 (5d): Bind for 0.0.0.0:25565 failed: port is already allocated',
    'driver failed programming external connectivity on endpoint x (5d): Error starting userland proxy: listen tcp4 0.0.0.0:25565: bind: address already in use',
    'driver failed programming external connectivity on endpoint x (5d): Error starting userland proxy: listen udp6 [::]:25565: bind: address already in use',
    'failed to set up container networking: driver failed programming external connectivity on endpoint x (5d): failed to bind host port for 0.0.0.0:25565:172.17.0.2:7000/tcp: address already in use',
    'failed to bind host port 0.0.0.0:25565/tcp: address already in use',
  ];
  for (const sentence of sentences) t.is(busyPort(sentence), 25565, sentence);
  t.is(busyPort('OCI runtime create failed: exec: "/x": no such file'), null);
});

test('what a registry says for good is permanent, and the rest may pass', (t) => {
  const code = (status: number | null, reason: string) => pullError('game:1', { status, reason }).code;
  t.is(code(404, 'manifest for game:1 not found: manifest unknown: manifest unknown'), 'image_not_found');
  t.is(
    code(404, "pull access denied for game, repository does not exist or may require 'docker login'"),
    'image_not_found',
  );
  t.is(code(500, 'no matching manifest for linux/arm64/v8 in the manifest list entries'), 'image_not_found');
  t.is(code(500, 'unauthorized: authentication required'), 'image_not_found');
  t.is(code(500, 'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host'), 'registry_unavailable');
  t.is(code(500, 'Get "https://r.example/v2/": net/http: TLS handshake timeout'), 'registry_unavailable');
  t.is(code(500, 'toomanyrequests: You have reached your pull rate limit'), 'registry_unavailable');
  t.is(code(500, 'received unexpected HTTP status: 503 Service Unavailable'), 'registry_unavailable');
  t.is(code(null, 'socket hang up'), 'engine_unavailable');
});

test('a pull is as far as its layers are', (t) => {
  const progress = createPullProgress();
  t.is(progress({ id: '1', status: 'Pulling from game' }).fraction, null);
  t.is(progress({ id: 'a', status: 'Already exists' }).fraction, 1);
  const fractions = [
    progress({ id: 'b', status: 'Pulling fs layer' }),
    progress({ id: 'b', status: 'Downloading', progressDetail: { current: 50, total: 100 } }),
    progress({ id: 'b', status: 'Pull complete' }),
    progress({ status: 'Status: Downloaded newer image' }),
  ].map(({ fraction }) => fraction);
  t.deepEqual(fractions, [1, 1, 1, 1], 'it never falls, also when a layer turns up late');
  const other = createPullProgress();
  other({ id: 'a', status: 'Pulling fs layer' });
  other({ id: 'b', status: 'Pulling fs layer' });
  t.is(other({ id: 'a', status: 'Pull complete' }).fraction, 0.5);
  t.is(other({ id: 'b', status: 'Downloading', progressDetail: { current: 1, total: 2 } }).fraction, 0.675);
  t.is(other({ id: 'b', status: 'Pull complete' }).fraction, 1);
});

test('only a stop signal within the window asks for an end', (t) => {
  const requests = createStopRequests();
  t.false(requests.ended('a', 0, 'SIGTERM'), 'nothing was sent');
  requests.signalled('a', '15', 1_000);
  t.true(requests.ended('a', 1_000 + STOP_WINDOW_MS, 'SIGTERM'));
  t.false(requests.ended('a', 1_001 + STOP_WINDOW_MS, 'SIGTERM'), 'a game that lived on was not stopped by it');
  t.false(requests.ended('b', 1_000, 'SIGTERM'), 'the signal was for another');
  requests.forget('a');
  t.false(requests.ended('a', 1_000, 'SIGTERM'), 'a new start begins anew');
});

test('a container has its own stop signal, and SIGKILL is none', (t) => {
  const requests = createStopRequests();
  requests.signalled('a', 'SIGQUIT', 0);
  t.true(requests.ended('a', 1, '3'));
  t.false(requests.ended('a', 1, 'SIGTERM'));
  requests.signalled('b', '9', 0);
  t.false(requests.ended('b', 1, 'SIGTERM'));
  requests.signalled('b', 'INT', 0);
  t.true(requests.ended('b', 1, ''));
});

test('a kill of ours is asked for once, and not at all when there was nothing to kill', (t) => {
  const requests = createStopRequests();
  requests.expectKill('a');
  t.true(requests.ended('a', 0, 'SIGTERM'));
  t.false(requests.ended('a', 0, 'SIGTERM'));
  requests.expectKill('a');
  requests.withdrawKill('a');
  t.false(requests.ended('a', 0, 'SIGTERM'));
});
