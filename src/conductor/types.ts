/**
 * The conductor as the door (`http`) and the CLI see it: commands go in here, reads come from `interfaces/reads.ts`.
 */
import type { ActorView, Address, LiveEvent, Operation, Principal, Turn } from '../actors/types.ts';
import type { ServerSpec } from '../machines/server/types.ts';
import type { ContainerStats } from './interfaces/engine.ts';
import type { GameStatus, Template } from './interfaces/games.ts';
import type { NodeRow, Reads, ReservationRow, ServerRow } from './interfaces/reads.ts';

export interface CreateServerRequest {
  readonly name: string;
  readonly template: string;
  /** Absent: the template's default. */
  readonly ramMb?: number;
  readonly cpu?: number;
  readonly diskMb?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly plan?: ServerSpec['plan'];
  readonly imageTag?: string;
  readonly wakeOnJoin?: boolean;
  readonly idleStopSeconds?: number;
  readonly failoverPolicy?: ServerSpec['failoverPolicy'];
  readonly failoverGraceSeconds?: number;
  /** Default true. */
  readonly start?: boolean;
}

/** Fields that may be changed; absent ones stay. `env` replaces single variables; null removes one. */
export interface ConfigureRequest {
  readonly name?: string;
  readonly ramMb?: number;
  readonly cpu?: number;
  readonly diskMb?: number;
  readonly env?: Readonly<Record<string, string | null>>;
  readonly plan?: ServerSpec['plan'];
  readonly imageTag?: string;
  readonly wakeOnJoin?: boolean;
  readonly idleStopSeconds?: number;
  readonly failoverPolicy?: ServerSpec['failoverPolicy'];
  readonly failoverGraceSeconds?: number;
}

/** How a request came in. */
export interface Caller {
  readonly principal: Principal;
  readonly idempotencyKey?: string;
  readonly fingerprint?: string;
  readonly ifBusy?: 'refuse' | 'queue';
  /** The version the caller has seen (`If-Match`); another one is `precondition_failed`. */
  readonly ifVersion?: number;
}

/** Commands on a server that need nothing but options. */
export type PlainCommand =
  | 'start'
  | 'stop'
  | 'kill'
  | 'restart'
  | 'rebuild'
  | 'wake'
  | 'undelete'
  | 'delete'
  | 'purge'
  | 'archive'
  | 'failover';

export interface CommandOptionsBody {
  readonly graceSeconds?: number;
  readonly announce?: string;
  readonly fresh?: boolean;
  readonly backupId?: string;
  readonly imageTag?: string;
  readonly stopFirst?: boolean;
  readonly keepData?: boolean;
  readonly nodeId?: string;
}

export interface NodeView {
  readonly id: string;
  readonly name: string;
  readonly engine: 'docker' | 'simulated';
  readonly ramMb: number;
  readonly cpus: number;
}

/** A machine that is added by hand. */
export interface AddNodeRequest {
  /** Default: its hostname. */
  readonly name?: string;
  readonly hostname: string;
  /** Default root. */
  readonly sshUser?: string;
  /** Default 22. */
  readonly sshPort?: number;
  /** The private key that logs in, without a passphrase. */
  readonly sshKey: string;
  /** Default dedicated. */
  readonly kind?: 'dedicated' | 'spare';
  readonly labels?: Readonly<Record<string, string>>;
  /** Takes no servers. */
  readonly system?: boolean;
  /** Where Docker listens on it; absent: at its usual socket. */
  readonly dockerHost?: string;
  /** Directory of Baton's script and of the worlds on it; absent: the usual one. */
  readonly root?: string;
}

/** A node with what its servers hold of it. */
export interface FleetNode extends NodeRow {
  /** Its RAM less what it keeps for itself. */
  readonly usableRamMb: number;
  readonly reservedRamMb: number;
  readonly availableRamMb: number;
  /** Reserved of usable, 0 to 1; more when it shrank. */
  readonly utilisation: number;
  readonly reservations: readonly ReservationRow[];
}

/** Commands on a node that need nothing else. */
export type PlainNodeCommand = 'cordon' | 'uncordon' | 'drain' | 'undrain' | 'sync' | 'decommission' | 'remove';

export interface Nodes {
  /** All that were not removed, by name. */
  nodes(): Promise<readonly FleetNode[]>;
  node(id: string): Promise<FleetNode>;
  addNode(request: AddNodeRequest, caller: Caller): Promise<{ node: NodeRow; operation: Operation }>;
  /** Sets a machine up again that could not be set up, maybe with another key or address. */
  bootstrapNode(
    id: string,
    changes: Partial<Pick<AddNodeRequest, 'hostname' | 'sshUser' | 'sshPort' | 'sshKey'>>,
    caller: Caller,
  ): Promise<Operation>;
  labelNode(id: string, labels: Readonly<Record<string, string>>, caller: Caller): Promise<Operation>;
  commandNode(id: string, command: PlainNodeCommand, caller: Caller): Promise<Operation>;
}

/** A statechart, as `GET /api/machines` shows it. */
export interface MachineDefinition {
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  readonly commands: readonly string[];
  readonly definition: unknown;
}

export interface Conductor extends Nodes {
  readonly reads: Reads;
  /** False until everything was recovered; `reasons` says what is missing, `notes` what a user should know. */
  readiness(): Promise<{ ready: boolean; reasons: readonly string[]; notes: readonly string[]; node: NodeView | null }>;
  createServer(request: CreateServerRequest, caller: Caller): Promise<{ server: ServerRow; operation: Operation }>;
  configureServer(id: string, request: ConfigureRequest, caller: Caller): Promise<Operation>;
  commandServer(id: string, command: PlainCommand, options: CommandOptionsBody, caller: Caller): Promise<Operation>;
  /** Runs a console command in the game and returns its answer. */
  exec(id: string, command: string, caller: Caller): Promise<{ output: string }>;
  cancelOperation(id: string, caller: Caller): Promise<Operation>;
  waitFor(operationId: string, timeoutMs: number): Promise<Operation>;
  /** Last lines of the running or last container; the kept crash log when there is no container. */
  logs(id: string, lines: number): Promise<readonly string[]>;
  /** Follows the console until the signal aborts. */
  followLogs(id: string, tail: number, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  players(id: string): Promise<GameStatus>;
  /** Where players join. */
  connection(id: string): Promise<{
    host: string;
    port: number;
    protocol: string;
    ports: readonly { name: string; protocol: string; port: number }[];
  }>;
  stats(id: string): Promise<ContainerStats | null>;
  templates(): readonly Template[];
  machines(): readonly MachineDefinition[];
  actor(address: Address): Promise<ActorView>;
  resumeActor(address: Address, caller: Caller): Promise<void>;
  retryDeadLetter(id: string, caller: Caller): Promise<void>;
  discardDeadLetter(id: string, caller: Caller): Promise<void>;
  /** Committed turns, newest last, from the ring buffer. */
  recentTurns(): readonly Turn[];
  /** Calls the listener for each event after it was committed, in order of `seq`. Returns how to stop. */
  onEvent(listener: (event: LiveEvent) => void): () => void;
}
