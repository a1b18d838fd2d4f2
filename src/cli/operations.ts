import type { Client } from './client.ts';
import { EXIT } from './errors.ts';
import { print, printJson, say, table } from './output.ts';
import type { Operation, Page } from './wire.ts';

/** How a command's result is shown. */
export interface Shown {
  readonly json?: boolean;
  /** Follow the operation to its end. */
  readonly wait: boolean;
}

/** One long poll; short enough that progress is seen as it comes. */
const POLL_SECONDS = 1;

/** Shows an operation, waiting for its end if that is wished. Answers the exit code. */
export async function follow(client: Client, begun: Operation, { json, wait }: Shown): Promise<number> {
  const operation = wait ? await untilEnded(client, begun) : begun;
  if (json) printJson({ operation });
  else print(sentence(operation));
  return operation.status === 'failed' || operation.status === 'cancelled' ? EXIT.refused : EXIT.ok;
}

async function untilEnded(client: Client, begun: Operation): Promise<Operation> {
  let operation = begun;
  let said = '';
  while (operation.status === 'running') {
    const line = progress(operation);
    if (line !== said) say(line);
    said = line;
    operation = await client.request<Operation>('GET', `/api/operations/${operation.id}`, {
      headers: { prefer: `wait=${POLL_SECONDS}` },
    });
  }
  return operation;
}

function progress({ command, progress: fraction, message }: Operation): string {
  const percent = fraction === null ? '' : ` ${Math.round(fraction * 100)} %`;
  return `${command}:${percent} ${message ?? 'running'}`;
}

function sentence({ id, command, target, status, message, error, created_at, finished_at }: Operation): string {
  const what = `${command} ${target.kind} ${target.id}`;
  if (status === 'running') return `${what}: running as operation ${id}`;
  const seconds = (Date.parse(finished_at ?? created_at) - Date.parse(created_at)) / 1000;
  if (status === 'succeeded') return `${what}: succeeded in ${seconds.toFixed(1)} s`;
  const why = error === null ? message : `${error.code}: ${error.message}`;
  return `${what}: ${status} after ${seconds.toFixed(1)} s${why ? `\n  ${why}` : ''}`;
}

export async function listOperations(client: Client, options: { json?: boolean; status?: string; limit: string }) {
  const { json, ...query } = options;
  const page = await client.request<Page<Operation>>('GET', '/api/operations', {
    query: { sort: '-created_at', ...query },
  });
  if (json) return printJson(page);
  const rows = page.items.map((one) => [
    one.command,
    one.status,
    one.message ?? one.error?.code ?? null,
    `${one.target.kind}/${one.target.id}`,
    one.created_at,
    one.id,
  ]);
  print(table(['COMMAND', 'STATUS', 'MESSAGE', 'TARGET', 'BEGUN', 'ID'], rows));
}

export async function showOperation(client: Client, id: string, { json }: { json?: boolean }) {
  const operation = await client.request<Operation>('GET', `/api/operations/${id}`);
  if (json) printJson(operation);
  else print(operation.status === 'running' ? `${sentence(operation)}\n  ${progress(operation)}` : sentence(operation));
}

export async function waitForOperation(client: Client, id: string, { json }: { json?: boolean }): Promise<number> {
  const operation = await client.request<Operation>('GET', `/api/operations/${id}`);
  return follow(client, operation, { json: json ?? false, wait: true });
}

export async function cancelOperation(client: Client, id: string, shown: Shown): Promise<number> {
  const { operation } = await client.request<{ operation: Operation }>('POST', `/api/operations/${id}/cancel`);
  return follow(client, operation, shown);
}
