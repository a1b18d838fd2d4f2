import { SERVER_PROJECTION } from '../../conductor/interfaces/stores.ts';
import { type Column, rowProjection } from './row-projection.ts';

const COLUMNS: readonly Column[] = [
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
  ['restartPending', 'restart_pending', 'boolean'],
  ['lastError', 'last_error', 'jsonb'],
  ['queuedAt', 'queued_at', 'timestamptz'],
  ['attempt', 'attempt', 'integer'],
  ['nextAttemptAt', 'next_attempt_at', 'timestamptz'],
  ['exit', 'exit', 'jsonb'],
  ['createdAt', 'created_at', 'timestamptz'],
  ['startedAt', 'started_at', 'timestamptz'],
  ['stoppedAt', 'stopped_at', 'timestamptz'],
  ['deletedAt', 'deleted_at', 'timestamptz'],
  ['purgeAt', 'purge_at', 'timestamptz'],
  ['version', 'version', 'bigint'],
];

/** The row that pages read of a server. Its owner and its node must be there: both are foreign keys. */
export const projectServer = rowProjection(SERVER_PROJECTION, 'servers', COLUMNS);
