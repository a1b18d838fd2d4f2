/** Looks at Baton's API all the while, as a page with nobody's patience would, and remembers when it said what. */
import { setTimeout as pause } from 'node:timers/promises';
import { NodeList, type NodeSeen, ServerList, type ServerSeen } from './api.ts';
import type { MortalBaton } from './baton.ts';
import { nowMs } from './clock.ts';

export interface Answered {
  /** When it was asked, ms of CLOCK_MONOTONIC. */
  readonly atMs: number;
  readonly tookMs: number;
}

export interface Picture {
  readonly servers: ReadonlyMap<string, ServerSeen>;
  readonly nodes: ReadonlyMap<string, NodeSeen>;
}

export interface Watch {
  /** Each answered `GET /api/servers` so far. */
  readonly answered: readonly Answered[];
  /** Those that got no answer while Baton was alive. */
  readonly unanswered: readonly number[];
  /** What it last said. */
  readonly picture: Picture;
  /** Remembers when what the API says is first as asked. */
  first(holds: (picture: Picture) => boolean): First;
  /** Waits for that, and returns when it was; fails after the time, with what the API says. */
  until(what: string, first: First, withinMs: number): Promise<number>;
  stop(): Promise<void>;
}

/** Times are ms of CLOCK_MONOTONIC. */
export interface First {
  readonly promise: Promise<number>;
  /** Null when it was not yet. */
  atMs(): number | null;
}

const PAUSE_MS = 25;
/** Nodes are asked for more seldom, so that it is the page of servers whose times are measured. */
const NODES_EACH = 4;
const ANSWER_MS = 10_000;

interface Waiting {
  readonly holds: (picture: Picture) => boolean;
  readonly resolve: (atMs: number) => void;
}

export function startWatch(baton: MortalBaton, token: string): Watch {
  const over = new AbortController();
  const answered: Answered[] = [];
  const unanswered: number[] = [];
  const picture = { servers: new Map<string, ServerSeen>(), nodes: new Map<string, NodeSeen>() };
  const waiting = new Set<Waiting>();

  const get = async (url: string, path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await fetch(`${url}${path}`, { headers, signal });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  };

  const look = async (url: string, round: number) => {
    const atMs = nowMs();
    const body = await get(url, '/api/servers?limit=200');
    answered.push({ atMs, tookMs: nowMs() - atMs });
    picture.servers = new Map(ServerList.parse(body).items.map((server) => [server.id, server]));
    if (round % NODES_EACH === 0) {
      const { items } = NodeList.parse(await get(url, '/api/nodes?limit=200'));
      picture.nodes = new Map(items.map((node) => [node.id, node]));
    }
    for (const one of waiting) {
      if (!one.holds(picture)) continue;
      waiting.delete(one);
      one.resolve(nowMs());
    }
  };

  const watching = (async () => {
    for (let round = 0; !over.signal.aborted; round++) {
      const url = baton.now();
      const asked = nowMs();
      await (url === null ? null : look(url, round))?.catch(() => {
        // One that dies answers nobody, and that is no fault of its page.
        if (!over.signal.aborted && baton.now() === url) unanswered.push(asked);
      });
      await pause(PAUSE_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();

  return {
    answered,
    unanswered,
    get picture() {
      return picture;
    },
    first(holds) {
      const { promise, resolve } = Promise.withResolvers<number>();
      let at: number | null = null;
      waiting.add({
        holds,
        resolve(atMs) {
          at = atMs;
          resolve(atMs);
        },
      });
      return { promise, atMs: () => at };
    },
    async until(what, first, withinMs) {
      const timer = new AbortController();
      const late = pause(withinMs, null, { signal: timer.signal }).catch(() => null);
      const atMs = await Promise.race([first.promise, late]);
      timer.abort();
      if (atMs === null) throw new Error(`not within ${withinMs / 1000} s: ${what}\n${described(picture)}`);
      return atMs;
    },
    async stop() {
      over.abort();
      await watching;
    },
  };
}

const described = ({ servers, nodes }: Picture): string =>
  [
    ...[...nodes.values()].map(({ name, connection, last_error }) => `${name} ${connection} ${last_error?.code ?? ''}`),
    ...[...servers.values()].map(
      ({ name, status, status_detail, node_id, epoch, last_error }) =>
        `${name} ${status} ${status_detail ?? ''} on ${nodes.get(node_id ?? '')?.name} epoch ${epoch} ${last_error?.code ?? ''}`,
    ),
  ].join('\n');
