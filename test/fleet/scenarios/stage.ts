/**
 * What the scenarios are played on: three machines as nodes, a Baton that knows them, and servers of two kinds on each: those
 * that start elsewhere when their node is lost, and those that wait for it.
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createDockerEngine } from '../../../src/nodes/index.ts';
import { compileInto } from '../../crash/baton.ts';
import { type Ask, type Client, createClient } from '../../crash/client.ts';
import { eventually } from '../../nodes/helpers/waiting.ts';
import { type FleetNode, startFleet } from '../fleet.ts';
import { EventPage, type EventSeen, NodeList, OperationSeen, ServerSeen } from './api.ts';
import { type MortalBaton, startMortalBaton } from './baton.ts';
import { loadScenarioProbe, TEMPLATES_DIR } from './probe.ts';

export interface StageOptions {
  readonly nodes: number;
  /** Servers of each kind for each node. */
  readonly serversEach: number;
  readonly diskMb: number;
  readonly say: (line: string) => void;
}

export interface Stage {
  readonly token: string;
  readonly baton: MortalBaton;
  readonly client: Client;
  /** By the id that Baton gave them. */
  readonly machines: ReadonlyMap<string, FleetNode>;
  readonly serverIds: readonly string[];
  /** Events after the one with this number, in order. */
  eventsSince(seq: number): Promise<readonly EventSeen[]>;
  lastSeq(): Promise<number>;
  /** Ends Baton and the machines. Says what was wrong with Baton's end. */
  clear(): Promise<string | null>;
}

const TOKEN = 'the-scenarios-know-this-token';
/** The longest that the API waits for an operation. */
const WAIT_SECONDS = 60;
const PAGE = 200;

/** Leases and deadlines are those of production. */
const SETTINGS = {
  BATON_ENGINE: 'docker',
  BATON_HTTP_PORT: '0',
  BATON_ADMIN_TOKEN: TOKEN,
  BATON_LOG_LEVEL: 'info',
  BATON_TEMPLATES_DIR: TEMPLATES_DIR,
  // So that every machine has servers.
  BATON_PLACEMENT: 'spread',
  // The machines have the processors of this one in common, and what others do on it would close all of them at once.
  BATON_NODE_CPU_HIGH_PERCENT: '101',
};

export async function setStage({ nodes, serversEach, diskMb, say }: StageOptions): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    // Short, because a socket's path must be, and passable, because the database runs as another user.
    const directory = await mkdtemp(join(tmpdir(), 'bf-'));
    closers.push(() => rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    await chmod(directory, 0o711);
    say(`booting ${nodes} machines`);
    const fleet = await startFleet({ nodes: nodes + 1, diskMb });
    closers.push(() => fleet.close());
    // Baton's own node needs an engine. It gets that of a machine more, so that no other one is asked for.
    const [others, home] = [fleet.nodes.slice(0, nodes), fleet.nodes[nodes]];
    if (home === undefined) throw new Error('no machine');
    const settings = { ...SETTINGS, DOCKER_HOST: home.dockerHost() };
    const compiled = join(directory, 'compiled');
    await compileInto(compiled);
    const baton = await startMortalBaton({ dataDir: join(directory, 'data'), compiled, settings });
    let fault: string | null = null;
    const endBaton = async () => {
      fault = await baton.end();
    };
    closers.push(endBaton);
    const over = new AbortController();
    const client = createClient(TOKEN, baton.address, over.signal);
    closers.push(async () => over.abort(new Error('The scenarios are over.')));
    await keepHomeFree(client);
    say('adding them to Baton');
    const machines = new Map<string, FleetNode>();
    for (const machine of others) machines.set(await addNode(client, machine), machine);
    await Promise.all(
      [...machines].map(([nodeId, machine]) =>
        loadScenarioProbe(createDockerEngine({ nodeId, host: machine.dockerHost() })),
      ),
    );
    say('starting servers');
    const serverIds: string[] = [];
    // One after another: they are spread by what runs already. First those that stay, so that each node keeps some.
    for (const kind of ['stays', 'moves'] as const) {
      for (let index = 1; index <= nodes * serversEach; index++) {
        serverIds.push(await createServer(client, `${kind}-${index}`, kind));
      }
    }
    return {
      token: TOKEN,
      baton,
      client,
      machines,
      serverIds,
      eventsSince: (seq) => eventsSince(client, seq),
      lastSeq: async () => (await page(client, 0, 1)).last_seq,
      async clear() {
        await close();
        return fault;
      },
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Baton's own node takes no servers: nothing happens to it. */
async function keepHomeFree(client: Client): Promise<void> {
  const home = await eventually('the home node is there', async () => {
    const { body } = await client.ask({ method: 'GET', path: '/api/nodes?limit=200' });
    return NodeList.parse(body).items.find(({ hostname }) => hostname === null) ?? null;
  });
  await command(client, { method: 'POST', path: `/api/nodes/${home.id}/cordon` });
}

const WithNode = z.object({ node: z.object({ id: z.string() }) });

async function addNode(client: Client, machine: FleetNode): Promise<string> {
  const { name, hostname, sshPort, user, privateKey } = machine;
  const body = { name, hostname, ssh_port: sshPort, ssh_user: user, ssh_key: privateKey };
  return WithNode.parse(await command(client, { method: 'POST', path: '/api/nodes', body })).node.id;
}

const WithServer = z.object({ server: ServerSeen });

async function createServer(client: Client, name: string, kind: 'stays' | 'moves'): Promise<string> {
  const policy =
    kind === 'stays' ? { failover_policy: 'wait' } : { failover_policy: 'fresh', failover_grace_seconds: 0 };
  const body = { name, template: 'probe', ...policy };
  return WithServer.parse(await command(client, { method: 'POST', path: '/api/servers', body })).server.id;
}

const WithOperation = z.object({ operation: OperationSeen });

/** Gives a command and waits for its end. Throws when it did not succeed. */
async function command(client: Client, ask: Omit<Ask, 'key' | 'waitSeconds'>): Promise<unknown> {
  const { status, body } = await client.ask({ ...ask, key: randomUUID(), waitSeconds: WAIT_SECONDS });
  if (status >= 400) throw new Error(`${ask.method} ${ask.path}: ${JSON.stringify(body)}`);
  const { operation } = WithOperation.parse(body);
  if (operation.status === 'succeeded') return body;
  throw new Error(`${ask.method} ${ask.path} ${operation.status}: ${operation.error?.message}`);
}

async function page(client: Client, since: number, limit: number) {
  const { body } = await client.ask({ method: 'GET', path: `/api/events?since=${since}&limit=${limit}` });
  return EventPage.parse(body);
}

async function eventsSince(client: Client, seq: number): Promise<readonly EventSeen[]> {
  const events: EventSeen[] = [];
  for (let since: string | null = String(seq); since !== null; ) {
    const { items, next_cursor } = await page(client, Number(since), PAGE);
    events.push(...items);
    since = next_cursor;
  }
  return events;
}
