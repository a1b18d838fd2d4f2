import type { QueryResultRow } from 'pg';
import { together } from '../../actors/together.ts';
import { portKey } from '../../conductor/interfaces/engine.ts';
import type { PortRequest, PortStore, WantedPort } from '../../conductor/interfaces/stores.ts';
import { BatonError } from '../../errors.ts';
import type { PortRow } from '../../machines/server/types.ts';
import type { Database } from '../database.ts';
import { errors, isOrphan, isUniqueViolation, translating } from '../errors.ts';
import { MOVE_PORTS, PORTS_OF, PORTS_TO_CHOOSE, RELEASE_PORTS } from '../sql/ports.ts';
import { type Claims, createClaims } from './claims.ts';

/** Each time that our choice loses against another's, that one has got its ports. Within one process that hardly happens. */
const MAX_TRIES = 64;

/** Servers whose ports are written in one go. */
const MOVES = 100;

type Query = <R extends QueryResultRow>(
  name: string,
  text: string,
  ...values: readonly unknown[]
) => Promise<readonly R[]>;

/** What is to be written of a server. */
interface Move {
  readonly serverId: string;
  readonly nodeId: string;
  /** What it gives up: at home, those that it was seen to have elsewhere. */
  readonly left: readonly Held[];
  readonly chosen: readonly PortRow[];
}

/** What a choice is made from. */
interface Known {
  readonly held: readonly Held[];
  readonly used: readonly Run[];
}

/** Numbers without a gap between them; both ends belong to it. */
interface Run {
  readonly protocol: PortRow['protocol'];
  readonly from: number;
  readonly to: number;
}

interface Means {
  readonly claims: Claims;
  readonly move: (one: Move) => Promise<unknown>;
}

interface Held extends PortRow {
  readonly nodeId: string;
}

/** Whatever it is, but for a database that is away: then none of them can be written. */
const isOfOne = (thrown: unknown): boolean =>
  !(thrown instanceof BatonError && thrown.code === errors.unavailable.code);

/**
 * Servers come in hundreds at once and want ports of the same node. None of them stands in line for the host, which is asked
 * about each choice and may not answer; so that they choose different numbers all the same, a choice is claimed in memory until
 * it is written. The primary key decides: a claim only saves the way to find out.
 */
export function portStore({ shared, background }: Pick<Database, 'shared' | 'background'>): PortStore {
  const query: Query = <R extends QueryResultRow>(name: string, text: string, ...values: readonly unknown[]) =>
    background(() => translating(async () => (await shared.query<R>({ name, text, values: [...values] })).rows));
  const claims = createClaims();
  const move = together((moves: readonly Move[]) => write(query, moves), MOVES, isOfOne);
  const heldBy = (serverId: string) => query<Held>('ports-of', PORTS_OF, serverId);

  return {
    async reservePorts(request) {
      const refused = new Set<string>();
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const { serverId, nodeId, range, wanted } = request;
        const known = await query<Known>('ports-to-choose', PORTS_TO_CHOOSE, serverId, nodeId, range.from, range.to);
        const { held = [], used = [] } = known[0] ?? {};
        const here = held.filter((port) => port.nodeId === nodeId).map(plain);
        const missing = wanted.filter(({ name }) => !here.some((port) => port.name === name));
        if (missing.length === 0 && (!request.atHome || here.length === held.length)) return here;
        const elsewhere = request.atHome ? held.filter((port) => port.nodeId !== nodeId) : [];
        const chosen = await take({ claims, move }, request, { missing, left: elsewhere }, used, refused);
        if (chosen !== null) return [...here, ...chosen].sort((a, b) => (a.name < b.name ? -1 : 1));
      }
      throw errors.ports_contended();
    },
    portsOf: async (serverId) => (await heldBy(serverId)).map(plain),
    async releasePorts(serverId) {
      await query('release-ports', RELEASE_PORTS, serverId);
    },
  };
}

const plain = ({ name, protocol, container, host }: Held): PortRow => ({ name, protocol, container, host });

/**
 * Writes ports for what is missing, and takes away those that are left. Null when the host or somebody else has one of them.
 * @param refused what the host has; grows
 */
async function take(
  { claims, move }: Means,
  { nodeId, serverId, range, taken: askHost, signal }: PortRequest,
  { missing, left }: { readonly missing: readonly WantedPort[]; readonly left: readonly Held[] },
  used: readonly Run[],
  refused: Set<string>,
): Promise<readonly PortRow[] | null> {
  const chosen = lowest(missing, range, used, new Set([...refused, ...claims.on(nodeId)]));
  if (chosen === null) {
    // What others have only claimed may become free again, so nothing lasting is said because of it.
    if (lowest(missing, range, used, new Set(refused)) !== null) throw errors.ports_contended();
    throw errors.no_ports({ ...range, name: missing.map(({ name }) => name).join(', ') });
  }
  const keys = chosen.map(({ protocol, host }) => portKey(protocol, host));
  return claims.during(nodeId, keys, async () => {
    const taken = await askHost(chosen.map(({ protocol, host }) => ({ protocol, host })));
    const hit = keys.filter((key) => taken.has(key));
    for (const key of hit) refused.add(key);
    if (hit.length > 0) return null;
    signal?.throwIfAborted();
    try {
      await move({ serverId, nodeId, left, chosen });
      return chosen;
    } catch (thrown) {
      if (isUniqueViolation(thrown)) return null;
      // An effect may outlive the server that asked for it.
      if (isOrphan(thrown, 'ports_server_id_fkey')) throw errors.server_gone({ server: serverId });
      throw thrown;
    }
  });
}

/**
 * The lowest free numbers; ports that share a number inside the container share one outside. Null when not all can have one.
 * @param used on the node's rows
 * @param keys what else is not free, by `portKey`; grows by what is chosen
 */
function lowest(
  missing: readonly WantedPort[],
  range: PortRequest['range'],
  used: readonly Run[],
  keys: Set<string>,
): readonly PortRow[] | null {
  /** The last number that is taken without a gap from this one on; one below it when it is free. */
  const takenUpTo = (protocol: PortRow['protocol'], host: number): number =>
    used.find((run) => run.protocol === protocol && run.from <= host && host <= run.to)?.to ??
    (keys.has(portKey(protocol, host)) ? host : host - 1);
  const chosen: PortRow[] = [];
  for (const group of Map.groupBy(missing, ({ container }) => container).values()) {
    let host = range.from;
    const taken = () => Math.max(...group.map(({ protocol }) => takenUpTo(protocol, host)));
    for (let last = taken(); last >= host; last = taken()) host = last + 1;
    if (host > range.to) return null;
    for (const { name, protocol, container, same } of group) {
      keys.add(portKey(protocol, host));
      chosen.push({ name, protocol, container: same ? host : container, host });
    }
  }
  return chosen;
}

/** All of them or none: where one is somebody else's, there is nothing. */
async function write(query: Query, moves: readonly Move[]): Promise<readonly undefined[]> {
  const rows = moves.flatMap(({ serverId, nodeId, chosen }) => chosen.map((port) => ({ serverId, nodeId, ...port })));
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  const gone = moves.flatMap(({ serverId, left }) => left.map((port) => ({ ...port, serverId })));
  await query(
    'move-ports',
    MOVE_PORTS,
    gone.map(({ serverId }) => serverId),
    gone.map(({ nodeId }) => nodeId),
    gone.map(({ host }) => host),
    column('serverId'),
    column('nodeId'),
    column('protocol'),
    column('host'),
    column('name'),
    column('container'),
  );
  return moves.map(() => undefined);
}
