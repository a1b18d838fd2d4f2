import { type MikroORM, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { portKey } from '../../conductor/interfaces/engine.ts';
import type { PortRequest, PortStore, WantedPort } from '../../conductor/interfaces/stores.ts';
import type { PortRow } from '../../machines/server/types.ts';
import type { Database } from '../database.ts';
import { Port } from '../entities/index.ts';
import { errors, translating } from '../errors.ts';

/**
 * Each time that our choice loses against another caller's, that caller has got its ports; so this many servers can be
 * placed on one node at the very same moment.
 */
const MAX_TRIES = 64;

export function portStore({ orm }: Database): PortStore {
  return {
    reservePorts: (request) => translating(() => reserve(orm, request)),
    portsOf: (serverId) => translating(() => portsOf(orm, serverId)),
    releasePorts: (serverId) =>
      translating(async () => {
        await orm.em.fork().nativeDelete(Port, { serverId });
      }),
  };
}

async function portsOf(orm: MikroORM, serverId: string): Promise<readonly PortRow[]> {
  return (await heldBy(orm, serverId)).map(plain);
}

const heldBy = (orm: MikroORM, serverId: string) =>
  orm.em.fork().find(Port, { serverId }, { orderBy: { name: 'asc' } });

type Row = Awaited<ReturnType<typeof heldBy>>[number];

const plain = ({ name, protocol, containerPort, hostPort }: Row): PortRow => ({
  name,
  protocol,
  container: containerPort,
  host: hostPort,
});

/** The primary key decides between callers that choose the same number: the one that loses chooses again. */
async function reserve(orm: MikroORM, request: PortRequest): Promise<readonly PortRow[]> {
  const taken = new Set<string>();
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const held = await heldBy(orm, request.serverId);
    const here = held.filter(({ nodeId }) => nodeId === request.nodeId).map(plain);
    const missing = request.wanted.filter(({ name }) => !here.some((port) => port.name === name));
    if (missing.length === 0 && (!request.atHome || here.length === held.length)) return here;
    const chosen = await choose(orm, request, missing, taken);
    await insert(orm, request, chosen);
  }
  throw errors.ports_contended({ tries: MAX_TRIES });
}

/** Chooses numbers that neither the table nor the host has. What the host has is remembered in `taken`. */
async function choose(
  orm: MikroORM,
  { nodeId, range, taken: askHost }: PortRequest,
  missing: readonly WantedPort[],
  taken: Set<string>,
): Promise<readonly PortRow[]> {
  const rows = await orm.em.fork().find(Port, { nodeId, hostPort: { $gte: range.from, $lte: range.to } });
  const reserved = new Set(rows.map(({ protocol, hostPort }) => portKey(protocol, hostPort)));
  for (;;) {
    const chosen = lowest(missing, range, new Set([...reserved, ...taken]));
    const answer = await askHost(chosen.map(({ protocol, host }) => ({ protocol, host })));
    const refused = chosen.map(({ protocol, host }) => portKey(protocol, host)).filter((port) => answer.has(port));
    if (refused.length === 0) return chosen;
    for (const port of refused) taken.add(port);
  }
}

/** The lowest free numbers; ports that share a number inside the container share one outside. */
function lowest(
  missing: readonly WantedPort[],
  range: PortRequest['range'],
  used: ReadonlySet<string>,
): readonly PortRow[] {
  const own = new Set(used);
  return [...Map.groupBy(missing, ({ container }) => container).values()].flatMap((group) => {
    let host = range.from;
    while (group.some(({ protocol }) => own.has(portKey(protocol, host)))) host += 1;
    if (host > range.to) throw errors.no_ports({ ...range, name: group.map(({ name }) => name).join(', ') });
    return group.map(({ name, protocol, container, same }) => {
      own.add(portKey(protocol, host));
      return { name, protocol, container: same ? host : container, host };
    });
  });
}

async function insert(
  orm: MikroORM,
  { nodeId, serverId, atHome }: PortRequest,
  chosen: readonly PortRow[],
): Promise<void> {
  const rows = chosen.map(({ name, protocol, container, host }) => ({
    nodeId,
    serverId,
    name,
    protocol,
    containerPort: container,
    hostPort: host,
  }));
  try {
    await orm.em.fork().transactional(async (em) => {
      if (atHome) await em.nativeDelete(Port, { serverId, nodeId: { $ne: nodeId } });
      if (rows.length > 0) await em.insertMany(Port, rows);
    });
  } catch (thrown) {
    if (!(thrown instanceof UniqueConstraintViolationException)) throw thrown;
  }
}
