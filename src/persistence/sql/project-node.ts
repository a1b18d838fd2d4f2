import { NODE_PROJECTION } from '../../conductor/interfaces/stores.ts';
import { type Column, rowProjection } from './row-projection.ts';

const COLUMNS: readonly Column[] = [
  ['id', 'id', 'uuid'],
  ['name', 'name', 'text'],
  ['kind', 'kind', 'text'],
  ['engine', 'engine', 'text'],
  ['system', 'system', 'boolean'],
  ['labels', 'labels', 'jsonb'],
  ['ssh', 'ssh', 'jsonb'],
  ['hostKey', 'host_key', 'text'],
  ['status', 'status', 'text'],
  ['statusDetail', 'status_detail', 'text'],
  ['connection', 'connection', 'text'],
  ['pressure', 'pressure', 'jsonb'],
  ['cordoned', 'cordoned', 'boolean'],
  ['operationId', 'operation_id', 'uuid'],
  ['ramMb', 'ram_mb', 'integer'],
  ['cpus', 'cpus', 'real'],
  ['reserveRamMb', 'reserve_ram_mb', 'integer'],
  ['bootId', 'boot_id', 'text'],
  ['leaseEpoch', 'lease_epoch', 'bigint'],
  ['guarded', 'guarded', 'boolean'],
  ['lastLeaseAt', 'last_lease_at', 'timestamptz'],
  ['awaySince', 'away_since', 'timestamptz'],
  ['fence', 'fence', 'jsonb'],
  ['lastError', 'last_error', 'jsonb'],
  ['createdAt', 'created_at', 'timestamptz'],
  ['readyAt', 'ready_at', 'timestamptz'],
  ['removedAt', 'removed_at', 'timestamptz'],
];

/** The row that pages read of a node. */
export const projectNode = rowProjection(NODE_PROJECTION, 'nodes', COLUMNS);
