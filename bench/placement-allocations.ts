/**
 * Agones' allocation shape: 4,000 servers that are ready to go, 40 clients with 100 requests each, over HTTP, one after another.
 * A request starts a server; its answer comes when the start is committed. The rate counts until every server has its room
 * committed in a node's mailbox, which is later than the last answer.
 */
import { on } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { loadSettings } from '../config/settings.ts';
import { startBaton } from '../src/baton.ts';
import type { ClientsData, ClientsNews } from './placement-clients.ts';

export interface Allocations {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Servers with room on two nodes, nodes beyond their room, and requests of which two got one operation. */
  readonly double: number;
  readonly allocated: number;
  /** Of the thread that serves. */
  readonly longestBlockMs: number;
}

const SERVERS = 4_000;
const CLIENTS = 40;
const NODES = 100;
const NODE_RAM_MB = 65_536;

export async function overHttp(): Promise<Allocations> {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const baton = await startBaton({
    settings: loadSettings({
      BATON_DATA_DIR: dataDir,
      BATON_HTTP_PORT: '0',
      BATON_ENGINE: 'simulated',
      BATON_SIMULATED_NODES: String(NODES),
      BATON_NODE_RAM_MB: String(NODE_RAM_MB),
      // By best fit they would fill one node after the other, which takes a turn for each that tells it that it runs.
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
    return await measure({ url: baton.url, token, servers: SERVERS, clients: CLIENTS });
  } finally {
    await baton.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(data: ClientsData): Promise<Allocations> {
  const thread = new Worker(new URL('./placement-clients.ts', import.meta.url), { workerData: data });
  const blocks = monitorEventLoopDelay({ resolution: 1 });
  for await (const [news] of on(thread, 'message', { close: ['exit'] }) as AsyncIterable<[ClientsNews]>) {
    if (news.type === 'ready') {
      blocks.enable();
      continue;
    }
    blocks.disable();
    const { seconds, operations, allocated, twice, nodesBeyondTheirRoom } = news;
    const took = news.took.toSorted((a, b) => a - b);
    return {
      perSecond: SERVERS / seconds,
      p50Ms: took[Math.floor(took.length * 0.5)] ?? 0,
      p99Ms: took[Math.floor(took.length * 0.99)] ?? 0,
      double: twice + nodesBeyondTheirRoom + (SERVERS - operations),
      allocated,
      longestBlockMs: blocks.max / 1e6,
    };
  }
  throw new Error('The clients ended before they were done.');
}
