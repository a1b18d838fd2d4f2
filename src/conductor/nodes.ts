/** The machines of the fleet, as an operator adds, looks after and removes them. */
import pLimit from 'p-limit';
import { address } from '../actors/address.ts';
import type { Actors, CommandOptions, Operation } from '../actors/types.ts';
import type { NodeCommand, SshTarget } from '../machines/node/index.ts';
import { errors } from './errors.ts';
import type { NodeRow, Reads, ReservationRow } from './interfaces/reads.ts';
import type { NodeStore } from './interfaces/stores.ts';
import type { AddNodeRequest, Caller, NodeDetails, Nodes } from './types.ts';

export interface NodesParts {
  readonly actors: Actors;
  readonly reads: Pick<Reads, 'nodes' | 'node' | 'reservations'>;
  readonly keys: Pick<NodeStore, 'saveKey'>;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
  readonly options: (caller: Caller) => CommandOptions;
}

/** What cannot be done with the machine that Baton runs on. */
const NOT_AT_HOME: ReadonlySet<NodeCommand> = new Set(['bootstrap', 'decommission', 'remove']);

export function createNodes({ actors, reads, keys, newId, options }: NodesParts): Nodes {
  const naming = pLimit(1);

  async function existing(id: string): Promise<NodeRow> {
    const row = await reads.node(id);
    if (row === null) throw errors.not_found({ kind: 'node', id });
    return row;
  }

  async function command(id: string, name: NodeCommand, body: object, caller: Caller): Promise<Operation> {
    const { kind, name: called } = await existing(id);
    if (kind === 'local' && NOT_AT_HOME.has(name)) throw errors.node_is_home({ name: called });
    return actors.command(address('node', id), { ...body, type: name }, options(caller));
  }

  return {
    async nodes() {
      const [rows, reservations] = await Promise.all([reads.nodes(), reads.reservations()]);
      const byNode = Map.groupBy(reservations, ({ nodeId }) => nodeId);
      return rows.map((row) => nodeDetails(row, byNode.get(row.id) ?? []));
    },
    async node(id) {
      const [row, reservations] = await Promise.all([existing(id), reads.reservations(id)]);
      return nodeDetails(row, reservations);
    },
    async addNode(request, caller) {
      const { name = request.hostname } = request;
      const id = newId();
      const input = { id, name, ...factsOf(request), ssh: targetOf(request) };
      const check = async () => {
        if ((await reads.nodes()).some((node) => node.name === name)) throw errors.node_exists({ name });
        // Before the node itself, so that no node is without a key.
        await keys.saveKey(id, request.sshKey);
      };
      const make = () => actors.create(address('node', id), input, 'add', { ...options(caller), check });
      // One after the other, so that a name which is free when it is looked up is free when it is taken.
      const operation = await naming(make);
      // A repeated request has got the node of the first.
      return { operation, node: await existing(operation.target.slice('node/'.length)) };
    },
    async bootstrapNode(id, { sshKey, ...changes }, caller) {
      const { ssh } = await existing(id);
      if (sshKey !== undefined) await keys.saveKey(id, sshKey);
      const target =
        ssh === null || Object.keys(changes).length === 0 ? {} : { ssh: { ...ssh, ...sshChanges(changes) } };
      return command(id, 'bootstrap', target, caller);
    },
    labelNode: (id, labels, caller) => command(id, 'label', { labels }, caller),
    commandNode: (id, name, caller) => command(id, name, {}, caller),
  };
}

function nodeDetails(row: NodeRow, reservations: readonly ReservationRow[]): NodeDetails {
  const reservedRamMb = reservations.reduce((sum, { ramMb }) => sum + ramMb, 0);
  const usableRamMb = Math.max(0, row.ramMb - row.reserveRamMb);
  return {
    ...row,
    usableRamMb,
    reservedRamMb,
    availableRamMb: Math.max(0, usableRamMb - reservedRamMb),
    utilisation: usableRamMb === 0 ? 0 : reservedRamMb / usableRamMb,
    reservations,
  };
}

/** The size is found out when it is bootstrapped. */
const factsOf = ({ kind = 'dedicated', labels = {}, system = false }: AddNodeRequest) => ({
  kind,
  labels,
  system,
  engine: 'docker' as const,
  ramMb: 0,
  cpus: 0,
});

const targetOf = ({ hostname, sshUser = 'root', sshPort = 22, dockerHost, root }: AddNodeRequest): SshTarget => ({
  hostname,
  user: sshUser,
  port: sshPort,
  dockerHost: dockerHost ?? null,
  root: root ?? null,
});

const sshChanges = ({ hostname, sshUser, sshPort }: Partial<AddNodeRequest>): Partial<SshTarget> => ({
  ...(hostname !== undefined && { hostname }),
  ...(sshUser !== undefined && { user: sshUser }),
  ...(sshPort !== undefined && { port: sshPort }),
});
