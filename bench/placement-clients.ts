/** The people of `placement-allocations.ts`, in a thread of their own: what they cost is not the server's. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

export interface ClientsData {
  readonly url: string;
  readonly token: string;
  readonly servers: number;
  readonly clients: number;
}

/** In this order. */
export type ClientsNews =
  | { readonly type: 'ready' }
  | {
      readonly type: 'done';
      /** Until the last server had its room. */
      readonly seconds: number;
      /** Of each request, ms. */
      readonly took: readonly number[];
      /** Operations that were answered, each once. */
      readonly operations: number;
      /** Servers with room, each once. */
      readonly allocated: number;
      /** Rooms beyond one for each of them. */
      readonly twice: number;
      readonly nodesBeyondTheirRoom: number;
    };

/** This many at once: making servers is not what is measured. */
const MAKERS = 32;
const SETTLE_MS = 120_000;
const LOOK_MS = 50;

interface FleetAnswer {
  readonly servers: number;
}

interface NodesAnswer {
  readonly items: readonly {
    readonly reserved_ram_mb: number;
    readonly usable_ram_mb: number;
    readonly reservations: readonly { readonly server_id: string }[];
  }[];
}

const { url, token, servers, clients } = workerData as ClientsData;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<T>;
}

/** Servers that have their home, ports and directory, and do not run. */
async function makeServers(): Promise<readonly string[]> {
  const ids: string[] = [];
  let next = 0;
  async function maker(): Promise<void> {
    while (next < servers) {
      next += 1;
      const body = { name: `s${next}`, template: 'flying-squid', ram_mb: 1024, start: false };
      ids.push((await call<{ server: { id: string } }>('POST', '/api/servers', body)).server.id);
    }
  }
  await Promise.all(Array.from({ length: MAKERS }, maker));
  const ready = async () => (await call<{ total: number }>('GET', '/api/servers?status=stopped&limit=1')).total;
  await until(async () => (await ready()) === servers);
  return ids;
}

async function allocate(ids: readonly string[]): Promise<ClientsNews> {
  const took: number[] = [];
  const operations = new Set<string>();
  let next = 0;
  async function client(): Promise<void> {
    for (let request = 0; request < servers / clients; request += 1) {
      const id = ids[next];
      next += 1;
      const began = performance.now();
      const { operation } = await call<{ operation: { id: string } }>('POST', `/api/servers/${id}/start`);
      took.push(performance.now() - began);
      operations.add(operation.id);
    }
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const fleet = () => call<FleetAnswer>('GET', '/api/fleet');
  await until(async () => (await fleet()).servers >= servers);
  const seconds = (performance.now() - began) / 1000;
  // One that has room on two nodes counts twice in the sum, which may hide another one that waits.
  const rooms = async () => {
    const { items } = await call<NodesAnswer>('GET', '/api/nodes?limit=200');
    const ids = items.flatMap(({ reservations }) => reservations.map(({ server_id }) => server_id));
    return { items, ids, allocated: new Set(ids).size };
  };
  await until(async () => (await rooms()).allocated >= servers);
  const { items, ids: given, allocated } = await rooms();
  const beyond = items.filter((node) => node.reserved_ram_mb > node.usable_ram_mb).length;
  return {
    type: 'done',
    seconds,
    took,
    operations: operations.size,
    allocated,
    twice: given.length - allocated,
    nodesBeyondTheirRoom: beyond,
  };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It did not come about within ${SETTLE_MS} ms.`);
    await delay(LOOK_MS);
  }
}

const tell = (news: ClientsNews): void => parentPort?.postMessage(news);
const ids = await makeServers();
tell({ type: 'ready' });
tell(await allocate(ids));
