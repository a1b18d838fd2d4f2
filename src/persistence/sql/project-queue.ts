import { QUEUE_PROJECTION } from '../../conductor/interfaces/stores.ts';
import type { QueueEntry } from '../../machines/queue/index.ts';
import { toJsonb } from '../json.ts';
import type { ProjectionStatement } from './projection.ts';

/** Column and its type, in the order of {@link rowOf}. */
const COLUMNS = {
  server_id: 'uuid',
  owner_id: 'uuid',
  name: 'text',
  plan: 'text',
  ram_mb: 'integer',
  cpu_milli: 'integer',
  disk_mb: 'integer',
  ports: 'integer',
  only_node_id: 'uuid',
  avoid: 'jsonb',
  queued_at: 'timestamptz',
  gives_up_at: 'timestamptz',
  attempt: 'integer',
  next_attempt_at: 'timestamptz',
  reason: 'text',
  overtaken: 'integer',
  held_on: 'uuid',
  offered_on: 'uuid',
  offered_until: 'timestamptz',
  rests_until: 'timestamptz',
} as const;

const NAMES = Object.keys(COLUMNS);
const columns = NAMES.join(', ');
const definition = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
const others = NAMES.slice(1);

/** $1: JSON array of all entries. Only rows that are not as they were are written. */
const TEXT = `
  with entries as (
    select * from jsonb_to_recordset($1::jsonb) as entry (${definition.join(', ')})
  ), gone as (
    delete from queue_entries where server_id not in (select server_id from entries)
  )
  insert into queue_entries (${columns}) select ${columns} from entries
  on conflict (server_id) do update set ${others.map((name) => `${name} = excluded.${name}`).join(', ')}
  where (${others.map((name) => `queue_entries.${name}`).join(', ')})
    is distinct from (${others.map((name) => `excluded.${name}`).join(', ')})`;

/** Who waits: the queue's whole list replaces the one before. */
export const projectQueue: ProjectionStatement = {
  name: QUEUE_PROJECTION,
  async apply(client, [row]) {
    if (row === undefined) return;
    const entries = (row.entries as readonly QueueEntry[]).map(rowOf);
    await client.query({ name: 'project-queue', text: TEXT, values: [toJsonb(entries)] });
  },
};

const timeOf = (at: number | null | undefined): string | null => (at == null ? null : new Date(at).toISOString());

const rowOf = ({ demand, offer, ...entry }: QueueEntry): Record<keyof typeof COLUMNS, unknown> => ({
  server_id: entry.serverId,
  owner_id: entry.ownerId,
  name: entry.name,
  plan: entry.plan,
  ram_mb: demand.ramMb,
  cpu_milli: demand.cpuMilli,
  disk_mb: demand.diskMb,
  ports: demand.ports,
  only_node_id: entry.only,
  avoid: entry.avoid,
  queued_at: timeOf(entry.queuedAt),
  gives_up_at: timeOf(entry.givesUpAt),
  attempt: entry.attempt,
  next_attempt_at: timeOf(entry.nextAttemptAt),
  reason: entry.reason,
  overtaken: entry.overtaken,
  held_on: entry.heldOn,
  offered_on: offer?.nodeId ?? null,
  offered_until: timeOf(offer?.until),
  rests_until: timeOf(entry.restsUntil),
});
