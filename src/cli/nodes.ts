import { readFile } from 'node:fs/promises';
import { type Client, Refusal } from './client.ts';
import { errors } from './errors.ts';
import { everyPage } from './find.ts';
import { follow, type Shown } from './operations.ts';
import { print, printJson, table } from './output.ts';
import type { Node, Operation } from './wire.ts';

type Accepted = { operation: Operation };

const all = (client: Client): Promise<readonly Node[]> => everyPage(client, '/api/nodes');

/** By id; empty for who may not see nodes. */
export async function namesOfNodes(client: Client): Promise<ReadonlyMap<string, string>> {
  const nodes = await all(client).catch((error: unknown) => {
    if (error instanceof Refusal && error.problem.code === 'forbidden') return [];
    throw error;
  });
  return new Map(nodes.map(({ id, name }) => [id, name]));
}

export async function listNodes(client: Client, options: { json?: boolean }): Promise<void> {
  const nodes = await all(client);
  if (options.json) return printJson(nodes);
  const rows = nodes.map((one) => [
    one.name,
    one.status_detail === one.connection || one.status_detail === null
      ? one.status
      : `${one.status} (${one.status_detail})`,
    one.connection,
    one.kind,
    `${one.reserved_ram_mb} / ${one.usable_ram_mb} MB`,
    one.reservations.length,
    one.hostname,
    one.id,
  ]);
  print(table(['NAME', 'STATUS', 'CONNECTION', 'KIND', 'RAM', 'SERVERS', 'HOST', 'ID'], rows));
}

export async function showNode(client: Client, ref: string): Promise<void> {
  const { id } = await findNode(client, ref);
  printJson(await client.request('GET', `/api/nodes/${id}`));
}

export interface AddOptions extends Shown {
  readonly keyFile: string;
  readonly name?: string;
  readonly user?: string;
  readonly port?: number;
  readonly kind?: string;
  readonly label?: readonly string[];
  readonly system?: boolean;
  readonly dockerHost?: string;
  readonly root?: string;
}

export async function addNode(client: Client, hostname: string, options: AddOptions): Promise<number> {
  const body = {
    hostname,
    name: options.name,
    ssh_user: options.user,
    ssh_port: options.port,
    ssh_key: await keyIn(options.keyFile),
    kind: options.kind,
    labels: options.label && Object.fromEntries(options.label.map(label)),
    system: options.system,
    docker_host: options.dockerHost,
    root: options.root,
  };
  const { operation } = await client.request<Accepted>('POST', '/api/nodes', { body });
  return follow(client, operation, options);
}

/** Sets it up again, maybe with another key. */
export async function bootstrapNode(
  client: Client,
  ref: string,
  options: Shown & { readonly keyFile?: string },
): Promise<number> {
  const { id } = await findNode(client, ref);
  const body = options.keyFile === undefined ? {} : { ssh_key: await keyIn(options.keyFile) };
  const { operation } = await client.request<Accepted>('POST', `/api/nodes/${id}/bootstrap`, { body });
  return follow(client, operation, options);
}

/** `cordon`, `uncordon`, `drain`, `undrain`, `sync`, `decommission`. */
export async function nodeCommand(client: Client, name: string, ref: string, options: Shown): Promise<number> {
  const { id } = await findNode(client, ref);
  const { operation } = await client.request<Accepted>('POST', `/api/nodes/${id}/${name}`);
  return follow(client, operation, options);
}

export async function removeNode(client: Client, ref: string, options: Shown): Promise<number> {
  const { id } = await findNode(client, ref);
  const { operation } = await client.request<Accepted>('DELETE', `/api/nodes/${id}`);
  return follow(client, operation, options);
}

/** By id, name, or the beginning of an id. Throws `no_such_node`. */
export async function findNode(client: Client, ref: string): Promise<Node> {
  const nodes = await all(client);
  const found =
    nodes.find(({ id, name }) => id === ref || name === ref) ??
    nodes.find(({ id }) => ref.length >= 4 && id.startsWith(ref.toLowerCase()));
  if (found === undefined) throw errors.no_such_node({ ref });
  return found;
}

async function keyIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw errors.bad_argument({ reason: `The key ${path} cannot be read: ${(error as Error).message}.` });
  }
}

function label(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw errors.bad_argument({ reason: `A label is name=value, not "${text}".` });
  return [text.slice(0, equals), text.slice(equals + 1)];
}
