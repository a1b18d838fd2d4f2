/** Starts all of Baton in this process, on a data directory of its own and the machine's real Docker engine or simulated nodes. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import Docker from 'dockerode';
import { pino } from 'pino';
import { loadSettings } from '../../config/settings.ts';
import { type Baton, startBaton } from '../../src/baton.ts';
import { createDockerEngine } from '../../src/nodes/index.ts';
import { eventually } from '../eventually.ts';
import { games } from '../games/helpers/targets.ts';
import { freePort } from '../nodes/helpers/waiting.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what an API answers is what the test is about.
  readonly body: any;
}

export interface TestBaton {
  readonly nodeId: string;
  readonly docker: Docker;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Runs a command to its end and returns the operation. */
  run(method: string, path: string, body?: unknown): Promise<Answer['body']>;
  /** Makes a server and waits until it runs; returns its id. */
  create(name: string, more?: Record<string, unknown>): Promise<string>;
  server(id: string): Promise<Answer['body']>;
  /** Waits until the server is in this state; fails after the time, saying in which it is. */
  until(id: string, status: string, withinMs?: number): Promise<Answer['body']>;
  containers(id: string): Promise<Docker.ContainerInfo[]>;
  /** Stops it and starts it again on the same data. */
  restart(environment?: Record<string, string>): Promise<void>;
}

/** Kept short, so that tests need not wait for players to say goodbye. */
const QUICK = {
  BATON_SERVER_ANNOUNCE_MS: '300',
  BATON_BOOT_PROBE_MS: '200',
  BATON_HEALTH_PROBE_MS: '500',
  BATON_SWEEP_MS: '500',
  BATON_DATA_SWEEP_MS: '1000',
  BATON_SERVER_CRASH_BACKOFF_MS: '300',
  BATON_SERVER_REMOVE_RETRY_MS: '500',
  BATON_PUBLIC_HOST: '127.0.0.1',
  BATON_PUBLISH_ADDRESS: '127.0.0.1',
  BATON_LOG_LEVEL: 'silent',
  BATON_HTTP_PORT: '0',
};

/** One Baton for a test file. Its tests run one after another, since the machine is theirs to load. */
export function withBaton(test: TestFn<unknown>, environment: Record<string, string> = {}): () => TestBaton {
  let running: RunningBaton | undefined;
  test.serial.before('Baton runs', async () => {
    running = await startTestBaton(environment);
  });
  test.serial.after.always('Baton and all that is its own are gone', () => running?.end());
  return () => {
    if (running === undefined) throw new Error('Baton runs only inside tests');
    return running;
  };
}

export interface RunningBaton extends TestBaton {
  /** Stops it and removes its containers, networks and files. */
  end(): Promise<void>;
}

export async function startTestBaton(environment: Record<string, string> = {}): Promise<RunningBaton> {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-'));
  const firstPort = await freePort();
  const docker = new Docker();
  const isSimulated = environment.BATON_ENGINE === 'simulated';
  if (!isSimulated) {
    await games.buildImage(
      games.template('flying-squid'),
      createDockerEngine({ nodeId: 'images' }),
      () => {},
      AbortSignal.timeout(300_000),
    );
  }
  let env: Record<string, string> = {
    ...QUICK,
    BATON_DATA_DIR: dataDir,
    BATON_PORT_RANGE: `${firstPort}-${Math.min(firstPort + 100, 65_535)}`,
    ...environment,
  };
  let baton: Baton;
  let token = '';
  let nodeId = '';

  const start = async () => {
    const settings = loadSettings(env);
    baton = await startBaton({
      settings,
      log: pino({ level: settings.log.level }),
      leaseLost: () => process.exit(70),
    });
    token = (await readFile(baton.adminTokenPath, 'utf8')).trim();
    nodeId = (await self.call('GET', '/readyz')).body.node.id;
  };

  const self: RunningBaton = {
    docker,
    get nodeId() {
      return nodeId;
    },
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${baton.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    },
    async run(method, path, body) {
      const { status, body: answer } = await self.call(method, path, body, { prefer: 'wait=60' });
      if (status !== 202) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
      return answer.operation;
    },
    async create(name, more = {}) {
      const body = { name, template: 'flying-squid', ...more };
      const { status, body: answer } = await self.call('POST', '/api/servers', body, { prefer: 'wait=60' });
      if (status !== 202 || answer.operation.status !== 'succeeded') throw new Error(JSON.stringify(answer));
      return answer.server.id;
    },
    async server(id) {
      return (await self.call('GET', `/api/servers/${id}?include_deleted=true`)).body;
    },
    async until(id, status, withinMs = 60_000) {
      let last = '';
      const reached = async () => {
        const server = await self.server(id);
        last = server.status;
        return last === status && server;
      };
      return eventually(`it becomes ${status}`, reached, withinMs).catch((late: Error) => {
        throw new Error(`${late.message}; it is ${last}`);
      });
    },
    containers: (id) => docker.listContainers({ all: true, filters: { label: [`baton.server=${id}`] } }),
    async restart(more = {}) {
      await baton.stop();
      env = { ...env, ...more };
      await start();
    },
    async end() {
      await baton.stop();
      if (!isSimulated) await removeEverythingOf(docker, nodeId);
      await rm(dataDir, { recursive: true, force: true });
    },
  };

  await start();
  return self;
}

async function removeEverythingOf(docker: Docker, nodeId: string): Promise<void> {
  const filters = { label: [`baton.node=${nodeId}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
}
