import type { Client } from './client.ts';
import { EXIT, errors } from './errors.ts';
import { everyPage, findServer, servers } from './find.ts';
import { findNode, namesOfNodes } from './nodes.ts';
import { follow, type Shown } from './operations.ts';
import { print, printJson, table } from './output.ts';
import type { Connection, Operation, Page, Server, Template, Turn } from './wire.ts';

type Accepted = { operation: Operation };

export async function list(
  client: Client,
  options: { json?: boolean; status?: string; all?: boolean; name?: string },
): Promise<void> {
  const found = await servers(client, { status: options.status, q: options.name, include_deleted: options.all });
  if (options.json) return printJson(found);
  const nodes = await namesOfNodes(client);
  const rows = found.map((one) => [
    one.name,
    one.status_detail ? `${one.status} (${one.status_detail})` : one.status,
    one.node_id && (nodes.get(one.node_id) ?? one.node_id),
    one.template,
    `${one.ram_mb} MB`,
    one.players,
    one.ports.map(({ protocol, host }) => `${host}/${protocol}`).join(' ') || null,
    one.id,
  ]);
  print(table(['NAME', 'STATUS', 'NODE', 'TEMPLATE', 'RAM', 'PLAYERS', 'PORTS', 'ID'], rows));
}

/** Its journal, oldest first. */
export async function history(client: Client, ref: string, options: { json?: boolean }): Promise<void> {
  const id = await findServer(client, ref, 'there or deleted');
  const turns = await everyPage<Turn>(client, `/api/servers/${id}/history`, { sort: 'seq' });
  if (options.json) return printJson(turns);
  print(
    table(
      ['AT', 'EVENT', 'FROM', 'TO'],
      turns.map(({ at, event, from, to }) => [at, event, from, to]),
    ),
  );
}

interface CreateOptions extends Shown {
  readonly template: string;
  readonly ram?: number;
  readonly cpu?: number;
  readonly disk?: number;
  readonly env?: readonly string[];
  readonly plan?: string;
  readonly tag?: string;
  readonly failover?: string;
  readonly failoverGrace?: number;
  readonly start: boolean;
  readonly acceptEula?: boolean;
}

export async function create(client: Client, name: string, options: CreateOptions): Promise<number> {
  const env = Object.fromEntries((options.env ?? []).map(variable));
  if (options.acceptEula) Object.assign(env, await acceptance(client, options.template));
  const body = {
    name,
    template: options.template,
    ram_mb: options.ram,
    cpu: options.cpu,
    disk_mb: options.disk,
    plan: options.plan,
    image_tag: options.tag,
    failover_policy: options.failover,
    failover_grace_seconds: options.failoverGrace,
    ...(Object.keys(env).length > 0 && { env }),
    start: options.start,
  };
  const { operation, server } = await client.request<Accepted & { server: Server }>('POST', '/api/servers', { body });
  const code = await follow(client, operation, options);
  if (code === EXIT.ok && options.start && options.wait && !options.json) print(await whereToJoin(client, server.id));
  return code;
}

async function whereToJoin(client: Client, id: string): Promise<string> {
  const { host, port } = await client.request<Connection>('GET', `/api/servers/${id}/connection`);
  return `Players join at ${host}:${port}.`;
}

/** Everything about one, for people: what they mostly look for when something is wrong comes last. */
export async function show(client: Client, ref: string, options: { json?: boolean }): Promise<void> {
  const id = await findServer(client, ref, 'there or deleted');
  const server = await client.request<Server>('GET', `/api/servers/${id}?include_deleted=true`);
  if (options.json) return printJson(server);
  const { exit, last_error: error, ports, env, ...plain } = server;
  const facts = Object.entries(plain).filter(([, value]) => value !== null && typeof value !== 'object');
  print(
    table(
      ['', ''],
      facts.map(([name, value]) => [name, String(value)]),
    ),
  );
  for (const { protocol, host } of ports) print(`port ${host}/${protocol}`);
  for (const [name, value] of Object.entries(env)) print(`env ${name}=${value}`);
  if (exit !== null)
    print(`It ended with ${exit.oom_killed ? 'no memory left' : `code ${exit.exit_code}`} at ${exit.at}.`);
  if (exit !== null) for (const line of exit.log_tail) print(`  ${line}`);
  if (error !== null) print(`${error.code}: ${error.message} (${error.at})`);
}

export async function templates(client: Client, options: { json?: boolean }): Promise<void> {
  const { items } = await client.request<Page<Template>>('GET', '/api/templates');
  if (options.json) return printJson(items);
  print(
    table(
      ['ID', 'WHAT IT IS'],
      items.map(({ id, description }) => [id, description]),
    ),
  );
}

interface ConfigureOptions extends Shown {
  readonly name?: string;
  readonly ram?: number;
  readonly cpu?: number;
  readonly disk?: number;
  readonly env?: readonly string[];
  readonly unset?: readonly string[];
  readonly plan?: string;
  readonly tag?: string;
  readonly queue?: boolean;
}

export async function configure(client: Client, ref: string, options: ConfigureOptions): Promise<number> {
  const id = await findServer(client, ref);
  const env = Object.fromEntries([
    ...(options.env ?? []).map(variable),
    ...(options.unset ?? []).map((name) => [name, null] as const),
  ]);
  const body = {
    name: options.name,
    ram_mb: options.ram,
    cpu: options.cpu,
    disk_mb: options.disk,
    plan: options.plan,
    image_tag: options.tag,
    ...(Object.keys(env).length > 0 && { env }),
    if_busy: options.queue ? 'queue' : undefined,
  };
  const { operation } = await client.request<Accepted>('PATCH', `/api/servers/${id}`, { body });
  return follow(client, operation, options);
}

function variable(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw errors.bad_argument({ reason: `An environment variable is NAME=value, not "${text}".` });
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** The variable by which the template's licence is accepted; nothing for one without. */
async function acceptance(client: Client, id: string): Promise<Record<string, string>> {
  const { items } = await client.request<Page<Template>>('GET', '/api/templates');
  const eula = items.find((one) => one.id === id)?.eula;
  return eula ? { [eula.variable]: eula.value } : {};
}

export interface CommandOptions extends Shown {
  readonly grace?: number;
  readonly announce?: string;
  readonly fresh?: boolean;
  /** `rebuild`: another tag of the image. */
  readonly tag?: string;
  /** `failover`: name or id of the node. */
  readonly node?: string;
  readonly queue?: boolean;
  /** `rm`. */
  readonly stop?: boolean;
  /** `purge`. */
  readonly keepData?: boolean;
}

/** `start`, `stop`, `restart`, `kill`, `rebuild`, `failover`, `undelete`. */
export async function command(client: Client, name: string, ref: string, options: CommandOptions): Promise<number> {
  const id = await findServer(client, ref, name === 'undelete' ? 'deleted or there' : 'there');
  const body = {
    grace_seconds: options.grace,
    announce: options.announce,
    fresh: options.fresh,
    node_id: options.node === undefined ? undefined : (await findNode(client, options.node)).id,
    image_tag: options.tag,
    if_busy: options.queue ? 'queue' : undefined,
  };
  const { operation } = await client.request<Accepted>('POST', `/api/servers/${id}/${name}`, { body });
  return follow(client, operation, options);
}

/** `rm` and `purge`. */
export async function remove(client: Client, ref: string, purge: boolean, options: CommandOptions): Promise<number> {
  const id = await findServer(client, ref, purge ? 'deleted or there' : 'there');
  const query = {
    stop_first: options.stop,
    keep_data: options.keepData,
    if_busy: options.queue ? 'queue' : undefined,
  };
  const { operation } = await client.request<Accepted>('DELETE', `/api/servers/${id}${purge ? '/purge' : ''}`, {
    query,
  });
  return follow(client, operation, options);
}

export async function exec(client: Client, ref: string, words: readonly string[], { json }: { json?: boolean }) {
  const id = await findServer(client, ref);
  const body = { command: words.join(' ') };
  const answer = await client.request<{ output: string }>('POST', `/api/servers/${id}/exec`, { body });
  if (json) printJson(answer);
  else if (answer.output) print(answer.output.trimEnd());
}

export async function logs(client: Client, ref: string, options: { lines: string; follow?: boolean; json?: boolean }) {
  const id = await findServer(client, ref, 'there or deleted');
  if (options.follow) {
    const { followLogs } = await import('./live.ts');
    return followLogs(client, id, Number(options.lines), options.json ?? false);
  }
  const { lines } = await client.request<{ lines: string[] }>('GET', `/api/servers/${id}/logs`, {
    query: { lines: options.lines },
  });
  if (options.json) printJson({ lines });
  else for (const line of lines) print(line);
}
