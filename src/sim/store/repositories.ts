/** Nodes, accounts, ports and dead letters, in memory. */
import { portKey } from '../../conductor/interfaces/engine.ts';
import type {
  AccountRow,
  DeadLetterStore,
  NodeStore,
  PortRequest,
  PortStore,
  WantedPort,
} from '../../conductor/interfaces/stores.ts';
import type { PortRow } from '../../machines/server/types.ts';
import { errors } from '../../persistence/errors.ts';
import type { HeldPort, Tables } from './tables.ts';

export function makeAccount({ accounts }: Tables, name: string, newId: () => string): AccountRow {
  const account = { id: newId(), name };
  accounts.set(account.id, account);
  return account;
}

export function memoryNodes({ nodes, nodeKeys }: Tables, now: () => number, newId: () => string): NodeStore {
  return {
    async upsertNode(facts) {
      const known = [...nodes.values()].find(
        ({ name, kind, removedAt }) => name === facts.name && kind === 'local' && removedAt === null,
      );
      const at = new Date(now());
      const row = { ...(known ?? { ...UNKNOWN_NODE, id: newId(), createdAt: at }), updatedAt: at, ...facts };
      nodes.set(row.id, row);
      return row;
    },
    nodes: async () =>
      [...nodes.values()].filter(({ removedAt }) => removedAt === null).sort((a, b) => (a.name < b.name ? -1 : 1)),
    async saveKey(nodeId, privateKey) {
      nodeKeys.set(nodeId, privateKey);
    },
    keyOf: async (nodeId) => nodeKeys.get(nodeId) ?? null,
    async dropKey(nodeId) {
      nodeKeys.delete(nodeId);
    },
  };
}

/** The columns' defaults. */
const UNKNOWN_NODE = {
  kind: 'local',
  system: false,
  labels: {},
  ssh: null,
  hostKey: null,
  status: 'arriving',
  statusDetail: null,
  connection: 'unconnected',
  pressure: { disk: 'calm', memory: 'calm', cpu: 'calm', engine: 'calm' },
  cordoned: false,
  operationId: null,
  reserveRamMb: 0,
  bootId: null,
  leaseEpoch: 0,
  guarded: true,
  lastLeaseAt: null,
  awaySince: null,
  fence: null,
  lastError: null,
  readyAt: null,
  removedAt: null,
  version: 0,
} as const;

export function memoryDeadLetters({ deadLetters }: Tables): DeadLetterStore {
  return {
    async take(id, deliver) {
      const letter = deadLetters.get(id);
      if (letter === undefined) return null;
      await deliver(letter);
      deadLetters.delete(id);
      return letter;
    },
    discard: async (id) => deadLetters.delete(id),
  };
}

export function memoryPorts({ ports, servers }: Tables): PortStore {
  const ofServer = (serverId: string): HeldPort[] =>
    [...ports.values()].filter((port) => port.serverId === serverId).sort((a, b) => (a.name < b.name ? -1 : 1));

  /** Between choosing and writing the host is asked, and others may have written: then it chooses again. */
  async function reserve(request: PortRequest, refused: Set<string>): Promise<readonly PortRow[]> {
    const held = ofServer(request.serverId);
    const here = held.filter(({ nodeId }) => nodeId === request.nodeId);
    const missing = request.wanted.filter(({ name }) => !here.some((port) => port.name === name));
    if (missing.length === 0 && (!request.atHome || here.length === held.length)) return here.map(plain);
    const reserved = [...ports.values()].filter(({ nodeId }) => nodeId === request.nodeId);
    const used = new Set([...refused, ...reserved.map(({ protocol, host }) => portKey(protocol, host))]);
    const chosen = lowest(missing, request.range, used);
    for (const port of await request.taken(chosen.map(({ protocol, host }) => ({ protocol, host })))) refused.add(port);
    request.signal?.throwIfAborted();
    if (!servers.has(request.serverId)) throw errors.server_gone({ server: request.serverId });
    if (chosen.every((port) => isFree(request, port, refused))) {
      const left = request.atHome ? held.filter(({ nodeId }) => nodeId !== request.nodeId) : [];
      for (const port of left) ports.delete(key(port.nodeId, port));
      for (const port of chosen) ports.set(key(request.nodeId, port), { ...port, ...owner(request) });
    }
    return reserve(request, refused);
  }

  const isFree = ({ nodeId, serverId }: PortRequest, port: PortRow, refused: ReadonlySet<string>): boolean =>
    !refused.has(portKey(port.protocol, port.host)) &&
    !ports.has(key(nodeId, port)) &&
    !ofServer(serverId).some((held) => held.nodeId === nodeId && held.name === port.name);

  return {
    reservePorts: (request) => reserve(request, new Set()),
    portsOf: async (serverId) => ofServer(serverId).map(plain),
    async releasePorts(serverId) {
      for (const port of ofServer(serverId)) ports.delete(key(port.nodeId, port));
    },
  };
}

const key = (nodeId: string, { protocol, host }: PortRow): string => `${nodeId} ${portKey(protocol, host)}`;
const owner = ({ nodeId, serverId }: PortRequest) => ({ nodeId, serverId });
const plain = ({ name, protocol, container, host }: HeldPort): PortRow => ({ name, protocol, container, host });

/** The lowest free numbers; ports that share a number inside the container share one outside. */
function lowest(missing: readonly WantedPort[], range: PortRequest['range'], used: ReadonlySet<string>): PortRow[] {
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
