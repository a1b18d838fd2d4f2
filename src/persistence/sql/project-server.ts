import { SERVER_PROJECTION } from '../../conductor/interfaces/stores.ts';
import { toJsonb } from '../json.ts';
import type { ProjectionStatement } from './projection.ts';

/** Property of the row, its column, its type. `updated_at` is the database's own. */
const COLUMNS = [
  ['id', 'id', 'uuid'],
  ['ownerId', 'owner_id', 'uuid'],
  ['name', 'name', 'text'],
  ['template', 'template', 'text'],
  ['image', 'image', 'text'],
  ['imageTag', 'image_tag', 'text'],
  ['ramMb', 'ram_mb', 'integer'],
  ['cpu', 'cpu', 'real'],
  ['diskMb', 'disk_mb', 'integer'],
  ['env', 'env', 'jsonb'],
  ['plan', 'plan', 'text'],
  ['status', 'status', 'text'],
  ['statusDetail', 'status_detail', 'text'],
  ['operationId', 'operation_id', 'uuid'],
  ['nodeId', 'node_id', 'uuid'],
  ['engine', 'engine', 'text'],
  ['containerId', 'container_id', 'text'],
  ['epoch', 'epoch', 'bigint'],
  ['ports', 'ports', 'jsonb'],
  ['dataExists', 'data_exists', 'boolean'],
  ['dataBytes', 'data_bytes', 'bigint'],
  ['players', 'players', 'integer'],
  ['wakeOnJoin', 'wake_on_join', 'boolean'],
  ['idleStopSeconds', 'idle_stop_seconds', 'integer'],
  ['failoverPolicy', 'failover_policy', 'text'],
  ['failoverGraceSeconds', 'failover_grace_seconds', 'integer'],
  ['restartPending', 'restart_pending', 'boolean'],
  ['lastError', 'last_error', 'jsonb'],
  ['queuedAt', 'queued_at', 'timestamptz'],
  ['attempt', 'attempt', 'integer'],
  ['nextAttemptAt', 'next_attempt_at', 'timestamptz'],
  ['exit', 'exit', 'jsonb'],
  ['createdAt', 'created_at', 'timestamptz'],
  ['startedAt', 'started_at', 'timestamptz'],
  ['stoppedAt', 'stopped_at', 'timestamptz'],
  ['lostSince', 'lost_since', 'timestamptz'],
  ['lastLeaseAt', 'last_lease_at', 'timestamptz'],
  ['deletedAt', 'deleted_at', 'timestamptz'],
  ['purgeAt', 'purge_at', 'timestamptz'],
  ['version', 'version', 'bigint'],
] as const;

const TIMES = COLUMNS.filter(([, , type]) => type === 'timestamptz').map(([property]) => property);

const columns = COLUMNS.map(([, column]) => column).join(', ');
const properties = COLUMNS.map(([property]) => `"${property}"`).join(', ');
const definition = COLUMNS.map(([property, , type]) => `"${property}" ${type}`).join(', ');
const assignments = COLUMNS.slice(1).map(([, column]) => `${column} = excluded.${column}`);

/** $1: JSON array of rows. $2: ids of servers that are purged. */
const TEXT = `
  with purged as (delete from servers where id = any($2::uuid[]))
  insert into servers (${columns}, updated_at)
  select ${properties}, now() from jsonb_to_recordset($1::jsonb) as row (${definition})
  on conflict (id) do update set ${assignments.join(', ')}, updated_at = excluded.updated_at`;

/** The row that pages read of a server. Its owner and its node must be there: both are foreign keys. */
export const projectServer: ProjectionStatement = {
  name: SERVER_PROJECTION,
  async apply(client, rows, removed) {
    await client.query({ name: 'project-server', text: TEXT, values: [toJsonb(rows.map(withTimes)), removed] });
  },
};

/** Statecharts remember Unix milliseconds, the table has times. */
function withTimes(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const changed = TIMES.filter((property) => typeof row[property] === 'number');
  return { ...row, ...Object.fromEntries(changed.map((property) => [property, new Date(Number(row[property]))])) };
}
