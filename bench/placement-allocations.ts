/**
 * Agones' allocation shape: 4,000 servers that are ready to go, 40 clients with 100 requests each, over HTTP, one after another.
 * A request starts a server; its answer comes when the start is committed. The rate counts until every server has its room
 * committed in a node's mailbox, which is later than the last answer.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { loadSettings } from '../config/settings.ts';
import { startBaton } from '../src/baton.ts';

export interface Allocations {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Servers with room on two nodes, nodes beyond their room, and requests of which two got one operation. */
  readonly double: number;
  readonly allocated: number;
  /** Of the process that serves and asks at once. */
  readonly longestBlockMs: number;
}

const SERVERS = 4_000;
const CLIENTS = 40;
const NODES = 100;
const NODE_RAM_MB = 65_536;

/** One after another, but this many at once: making servers is not what is measured. */
const MAKERS = 32;
const SETTLE_MS = 120_000;

type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

interface FleetAnswer {
  readonly servers: number;
  readonly nodes: readonly { readonly reserved_ram_mb: number; readonly usable_ram_mb: number; readonly id: string }[];
}

export async function overHttp(): Promise<Allocations> {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const baton = await startBaton({
    settings: loadSettings({
      BATON_DATA_DIR: dataDir,
      BATON_HTTP_PORT: '0',
      BATON_ENGINE: 'simulated',
      BATON_SIMULATED_NODES: String(NODES),
      BATON_NODE_RAM_MB: String(NODE_RAM_MB),
      // By best fit all of them would go to one node after the other, and so would its turns: a node gives room once a commit.
      BATON_PLACEMENT: 'spread',
      BATON_NODE_STARTS_MAX: '60',
      // Until they start, all of them are at home on the first node in order, where each has its port.
      BATON_PORT_RANGE: '20000-59999',
      BATON_SIMULATED_PULL_MS: '0',
      BATON_SIMULATED_BOOT_MS: '0',
    }),
    log: pino({ level: 'silent' }),
    leaseLost: () => process.exit(70),
  });
  try {
    const token = (await readFile(baton.adminTokenPath, 'utf8')).trim();
    const call: Call = async (method, path, body) => {
      const response = await fetch(baton.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json() as never;
    };
    return await measure(call, await makeServers(call));
  } finally {
    await baton.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Servers that have their home, ports and directory, and do not run. */
async function makeServers(call: Call): Promise<readonly string[]> {
  const ids: string[] = [];
  let next = 0;
  async function maker(): Promise<void> {
    while (next < SERVERS) {
      next += 1;
      const body = { name: `s${next}`, template: 'flying-squid', ram_mb: 1024, start: false };
      ids.push((await call<{ server: { id: string } }>('POST', '/api/servers', body)).server.id);
    }
  }
  await Promise.all(Array.from({ length: MAKERS }, maker));
  const ready = async () => (await call<{ total: number }>('GET', '/api/servers?status=stopped&limit=1')).total;
  await until(async () => (await ready()) === SERVERS);
  return ids;
}

async function measure(call: Call, ids: readonly string[]): Promise<Allocations> {
  const took: number[] = [];
  const operations = new Set<string>();
  let next = 0;
  async function client(): Promise<void> {
    for (let request = 0; request < SERVERS / CLIENTS; request += 1) {
      const id = ids[next];
      next += 1;
      const began = performance.now();
      const { operation } = await call<{ operation: { id: string } }>('POST', `/api/servers/${id}/start`);
      took.push(performance.now() - began);
      operations.add(operation.id);
    }
  }
  const blocks = monitorEventLoopDelay({ resolution: 1 });
  blocks.enable();
  const began = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const fleet = () => call<FleetAnswer>('GET', '/api/fleet');
  await until(async () => (await fleet()).servers >= SERVERS);
  const seconds = (performance.now() - began) / 1000;
  blocks.disable();
  const after = await fleet();
  const beyond = after.nodes.filter((node) => node.reserved_ram_mb > node.usable_ram_mb).length;
  const sorted = took.toSorted((a, b) => a - b);
  return {
    perSecond: SERVERS / seconds,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    double: after.servers - SERVERS + beyond + (SERVERS - operations.size),
    allocated: after.servers,
    longestBlockMs: blocks.max / 1e6,
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not come about within ${SETTLE_MS} ms.`);
    await delay(20);
  }
}
