import type { Client } from './client.ts';
import { everyPage } from './find.ts';
import { print, printJson, table } from './output.ts';
import type { Fleet, Placement, QueuedServer } from './wire.ts';

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export async function showFleet(client: Client, { json }: { json?: boolean }) {
  const fleet = await client.request<Fleet>('GET', '/api/fleet');
  if (json) return printJson(fleet);
  print(
    `${fleet.servers} servers on ${fleet.nodes.length} nodes, ${fleet.queued} waiting: ` +
      `${fleet.reserved_ram_mb} of ${fleet.usable_ram_mb} MB (${percent(fleet.utilisation)}), ${fleet.available_ram_mb} MB available`,
  );
  const rows = fleet.nodes.map((node) => [
    node.name,
    node.kind,
    node.status,
    node.connection,
    node.usable_ram_mb,
    node.reserved_ram_mb,
    node.available_ram_mb,
    percent(node.utilisation),
    node.servers,
    `${node.starting}/${node.starts_max}`,
    node.id,
  ]);
  const head = [
    'NODE',
    'KIND',
    'STATUS',
    'CONNECTION',
    'USABLE',
    'RESERVED',
    'AVAILABLE',
    'USED',
    'SERVERS',
    'STARTS',
    'ID',
  ];
  print(table(head, rows));
}

export async function showQueue(client: Client, { json }: { json?: boolean }) {
  const all = await everyPage<QueuedServer>(client, '/api/queue');
  if (json) return printJson(all);
  if (all.length === 0) return print('Nobody waits.');
  const rows = all.map((one) => [
    one.position,
    one.name,
    one.plan,
    one.ram_mb,
    one.queued_at,
    one.eta,
    one.attempt,
    one.next_attempt_at,
    one.reason,
    one.server_id,
  ]);
  print(table(['#', 'NAME', 'PLAN', 'RAM MB', 'SINCE', 'ETA', 'ATTEMPT', 'NEXT', 'REASON', 'ID'], rows));
}

export interface ExplainOptions {
  readonly json?: boolean;
  readonly ram: number;
  readonly cpu?: number;
  readonly disk?: number;
  readonly label?: readonly string[];
}

export async function explainPlacement(client: Client, { json, ram, cpu, disk, label }: ExplainOptions) {
  const query = {
    ram_mb: String(ram),
    ...(cpu !== undefined && { cpu: String(cpu) }),
    ...(disk !== undefined && { disk_mb: String(disk) }),
    ...(label !== undefined && { labels: label.join(',') }),
  };
  const all = await everyPage<Placement>(client, '/api/placements/explain', query);
  if (json) return printJson(all);
  const rows = all.map(({ rank, name, score, free, reasons }) => [
    rank === null ? null : String(rank),
    name,
    free.ram_mb,
    score === null ? null : `${score.machines} ${score.key}`,
    reasons.length === 0 ? null : reasons.join(' '),
  ]);
  print(table(['RANK', 'NODE', 'FREE MB', 'SCORE', 'WHY NOT'], rows));
}
