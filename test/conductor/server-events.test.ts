import test from 'ava';
import { serverEvents } from '../../src/conductor/server/events.ts';
import { running, type Server } from '../machines/server-stations.ts';

const HOME = { nodeId: 'n2', engine: 'docker', ports: [] };

/** Types and data of what one turn tells, without the change of status that each of them comes with. */
function told(server: Server, event: { type: string; [key: string]: unknown }, move?: () => void) {
  const before = server.snapshot;
  if (move === undefined) server.send(event);
  else move();
  return serverEvents(before, server.snapshot, event)
    .filter(({ type }) => type !== 'server.status_changed' && type !== 'server.players')
    .map(({ type, data: { id: _, ...data } }) => ({ type, ...data }));
}

const ISO = (at: number) => new Date(at).toISOString();
const news = (type: string, more: object = {}) => ({ type, nodeId: 'n1', epoch: 1, leaseEpoch: 1, ...more });
const lost = (server: Server) => news('node.lost', { lastLeaseAt: server.now - 6000 });
const fence = (server: Server) =>
  news('node.fenced', { leaseEpoch: 2, proof: 'lease_expired', provenAt: server.now + 12_000 });

test('an owner hears that the node is lost, that it is fenced, and where the server has gone', (t) => {
  const server = running();
  const since = server.now;
  t.deepEqual(told(server, lost(server)), [
    { type: 'server.lost', node_id: 'n1', lost_since: ISO(since), last_lease_at: ISO(since - 6000) },
  ]);
  t.deepEqual(told(server, fence(server)), [
    { type: 'server.fenced', node_id: 'n1', proof: 'lease_expired', at: ISO(since + 12_000) },
  ]);
  server.command('failover', { fresh: true });
  server.now += 60_000;
  const placed = { type: 'xstate.done.actor.place' };
  t.deepEqual(
    told(server, placed, () => server.done('place', { placed: true, home: HOME })),
    [
      {
        type: 'server.failed_over',
        from_node_id: 'n1',
        node_id: 'n2',
        epoch: 2,
        fresh: true,
        last_lease_at: ISO(since - 6000),
        world_age_seconds: 66,
      },
    ],
  );
});

test('an owner hears that the node is back, once it is known what is left of the server there', (t) => {
  const container = { id: 'c1', serverId: 's1', epoch: 1, state: 'paused', exitCode: null };
  const returned = (more: object) => news('node.returned', { bootId: 'b', rebooted: false, container, ...more });
  const runs = running();
  const since = runs.now;
  runs.send(lost(runs));
  t.deepEqual(told(runs, returned({})), [
    { type: 'server.returned', node_id: 'n1', lost_since: ISO(since), status: 'running' },
  ]);
  const ended = running();
  ended.send(lost(ended));
  t.deepEqual(told(ended, returned({ rebooted: true, container: null })), []);
  const verified = { type: 'xstate.done.actor.verify' };
  const seen = { container: null, dataExists: true, dataMarked: true };
  t.like(
    told(ended, verified, () => ended.done('verify', seen)),
    [{ type: 'server.returned', status: 'starting' }],
  );
  const stopped = running();
  stopped.send(lost(stopped));
  stopped.send(fence(stopped));
  t.deepEqual(
    told(stopped, { type: 'stop' }, () => void stopped.command('stop')),
    [],
    'nobody has come back',
  );
});

test('an owner hears of a copy that is newer than anything that is known', (t) => {
  const server = running();
  const container = { id: 'x', serverId: 's1', epoch: 9, state: 'running', exitCode: null };
  const [alarm] = told(server, news('node.shows', { recovering: true, container }));
  t.like(alarm, { type: 'server.epoch_ahead', node_id: 'n1' });
});
