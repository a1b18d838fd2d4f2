/**
 * The words of the server's statechart: what it remembers, what it is told, and which effects it starts.
 */

import type { Commanded, OperationRef, Stamped } from '../../actors/verbs.ts';
import type { StoredError } from '../../errors.ts';

/** All statuses of a server; some belong to backups, archives, migration and lost nodes, and are reached by those. */
export const SERVER_STATUSES = [
  'creating',
  'queued',
  'starting',
  'running',
  'stopping',
  'stopped',
  'sleeping',
  'backing_up',
  'restoring',
  'rebuilding',
  'archiving',
  'unarchiving',
  'archived',
  'migrating',
  'crashed',
  'lost',
  'missing',
  'failed',
  'deleted',
  'purging',
  'purged',
] as const;
export type ServerStatus = (typeof SERVER_STATUSES)[number];

export const SERVER_COMMANDS = [
  'start',
  'stop',
  'kill',
  'restart',
  'rebuild',
  'configure',
  'exec',
  'backup',
  'restore_backup',
  'archive',
  'wake',
  'migrate',
  'failover',
  'delete',
  'undelete',
  'purge',
  'cancel',
] as const;
export type ServerCommand = (typeof SERVER_COMMANDS)[number];

export interface PortRow {
  readonly name: string;
  readonly protocol: 'tcp' | 'udp';
  readonly container: number;
  readonly host: number;
}

/** What its owner decided. A change of a field marked † needs a new container. */
export interface ServerSpec {
  readonly name: string;
  readonly template: string;
  /** † Repository without tag. */
  readonly image: string;
  /** † */
  readonly imageTag: string;
  /** † */
  readonly ramMb: number;
  /** † In cores; 0 is unlimited. */
  readonly cpu: number;
  /** In MB; 0 is unlimited. */
  readonly diskMb: number;
  /** † */
  readonly env: Readonly<Record<string, string>>;
  readonly plan: 'payperplay' | 'balanced' | 'reserved';
  readonly wakeOnJoin: boolean;
  readonly idleStopSeconds: number;
  /** From the template: how long booting may take and how long a stop is granted. */
  readonly bootSeconds: number;
  readonly graceSeconds: number;
}

export interface ExitReport {
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** The last 50 lines of the container's output. */
  readonly logTail: readonly string[];
  /** It ended without Baton's doing. */
  readonly outside: boolean;
  readonly at: number;
}

export interface ServerContext {
  readonly id: string;
  readonly ownerId: string;
  readonly spec: ServerSpec;
  /** Where its data lies; null until it was prepared. */
  readonly nodeId: string | null;
  readonly engine: 'docker' | 'simulated' | null;
  readonly ports: readonly PortRow[];
  /** Rises by one with each placement. */
  readonly epoch: number;
  readonly containerId: string | null;
  /** True while its node keeps room for this server. */
  readonly reserved: boolean;
  /** Null while not yet known. */
  readonly dataExists: boolean | null;
  readonly dataBytes: number | null;
  /** A world should be there and is not: only `start` with `fresh` makes a new one. */
  readonly dataLost: boolean;
  readonly players: number | null;
  readonly operation: OperationRef | null;
  /** The spec that the present container was made from is older than `spec`. */
  readonly restartPending: boolean;
  readonly queuedAt: number | null;
  /** Attempts to place since it was first queued, and when the next is due. */
  readonly attempt: number;
  readonly nextAttemptAt: number | null;
  /** When it crashed lately (Unix ms), oldest first; only those within the crash window are kept. */
  readonly crashes: readonly number[];
  readonly exit: ExitReport | null;
  /** Whether it shall start once it is prepared. */
  readonly startWhenPrepared: boolean;
  /** How the stop that runs was asked for; null when none runs. */
  readonly stop: StopOptions | null;
  /** The way back of the rebuild that runs; null when none runs. */
  readonly rebuild: RebuildPlan | null;
  /** Whether the purge that runs, or is due, leaves the world on its node. */
  readonly keepData: boolean;
  readonly lastError: (StoredError & { readonly at: number }) | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly stoppedAt: number | null;
  readonly deletedAt: number | null;
  readonly purgeAt: number | null;
}

export interface ServerInput {
  readonly id: string;
  readonly ownerId: string;
  readonly spec: ServerSpec;
  readonly at: number;
  readonly operation: OperationRef;
  /** Start it once it is prepared; the create operation ends when it runs. */
  readonly start: boolean;
}

/** What was seen of the server's container and data, outside of what an operation asked for itself. */
export interface Observation {
  readonly container: {
    readonly id: string;
    readonly epoch: number;
    readonly state: 'created' | 'running' | 'paused' | 'exited';
    readonly exitCode: number | null;
    readonly oomKilled: boolean;
    /** Somebody asked the engine to stop it, or it ended with one of the template's clean exit codes. */
    readonly requested: boolean;
    readonly logTail: readonly string[];
  } | null;
  readonly dataExists: boolean;
  readonly dataBytes: number;
}

/** Options of `start`, `stop` and their kin, as the API takes them. */
export interface StopOptions {
  readonly graceSeconds?: number;
  /** Text for the players; empty string for none. Absent: the default text. */
  readonly announce?: string;
}

/** What a rebuild goes back to when the new container does not come up. */
export interface RebuildPlan {
  readonly from: 'running' | 'stopped' | 'sleeping' | 'failed' | 'missing';
  /** The container from before, kept until the new one is ready; null when there was none. */
  readonly keep: string | null;
  readonly imageTag: string;
  readonly restartPending: boolean;
}

export type ServerEvent =
  | (Commanded & { type: 'start'; fresh?: boolean; backupId?: string })
  | (Commanded & { type: 'wake' })
  | (Commanded & { type: 'stop' } & StopOptions)
  | (Commanded & { type: 'kill' })
  | (Commanded & { type: 'restart' } & StopOptions)
  | (Commanded & { type: 'rebuild'; imageTag?: string })
  | (Commanded & { type: 'configure'; changes: Partial<ServerSpec>; needsRestart: boolean })
  | (Commanded & { type: 'exec'; command: string })
  | (Commanded & { type: 'delete'; stopFirst?: boolean } & StopOptions)
  | (Commanded & { type: 'undelete' })
  | (Commanded & { type: 'purge'; keepData?: boolean })
  /** Cancels the running operation (`POST /api/operations/:id/cancel`). */
  | (Commanded & { type: 'cancel'; operationId: string })
  /** Taken by states that later parts of Baton add. */
  | (Commanded & { type: 'backup' | 'restore_backup' | 'archive' | 'migrate' | 'failover' })
  | (Stamped & { type: 'observed'; observation: Observation })
  | (Stamped & { type: 'probe.ok'; players: number | null })
  /** `streak` is how many probes have failed in a row. */
  | (Stamped & { type: 'probe.failed'; streak: number })
  /** From the queue: there is room for this server now, and for a while it is kept for it. */
  | (Stamped & { type: 'capacity.available' })
  /** From the node: the room of this epoch was taken back, because the start took too long. */
  | (Stamped & { type: 'reservation.expired'; nodeId: string; epoch: number });

/** Which container, on which node. */
export interface Target {
  readonly serverId: string;
  readonly nodeId: string;
  readonly containerId: string;
}

/** Facts that most effects need; a copy of the context's. */
export interface ServerFacts {
  readonly serverId: string;
  readonly ownerId: string;
  readonly spec: ServerSpec;
  readonly nodeId: string;
  readonly ports: readonly PortRow[];
  readonly epoch: number;
}

/**
 * Every effect of the server: name, input, output. The id of the invocation is the name. Each fails with a `StoredError`.
 */
export interface ServerEffects {
  /** Chooses the home node, reserves ports there and makes the data directory. */
  prepare: {
    input: { serverId: string; ownerId: string; spec: ServerSpec };
    output: { nodeId: string; engine: 'docker' | 'simulated'; ports: readonly PortRow[]; dataExists: boolean };
  };
  /**
   * Reserves room for this epoch. A server whose data exists stays with the node that has it. Another one goes to any node
   * but those to `avoid`, or to the one that is `wanted`; with `home`, the server moves there. `placed: false` when there is
   * no room now.
   */
  place: {
    input: ServerFacts & { dataExists: boolean; avoid: readonly string[]; wanted: string | null };
    output:
      | {
          placed: true;
          home?: { nodeId: string; engine: 'docker' | 'simulated'; ports: readonly PortRow[] };
        }
      | { placed: false; reason: string };
  };
  /** Makes sure that the image is on the node; with `refresh` it is pulled even if it is there. */
  fetch: { input: ServerFacts & { refresh: boolean }; output: Record<string, never> };
  /** Makes the container of this epoch, and removes those of older epochs unless `keep` names one. */
  createContainer: { input: ServerFacts & { keep: string | null }; output: { containerId: string } };
  /** Starts the container and waits until the game answers. Permanent `boot_failed` if it exits meanwhile. */
  boot: { input: ServerFacts & { containerId: string }; output: { players: number | null } };
  /** While running: probes the game and sends `probe.ok` and `probe.failed`, on change. Never ends by itself. */
  monitor: { input: ServerFacts & { containerId: string }; output: never };
  /** Tells the players and waits; returns at once when nobody can be told or nobody is there. */
  announce: { input: ServerFacts & { containerId: string; message: string }; output: Record<string, never> };
  /** Has the game write its world. */
  save: { input: ServerFacts & { containerId: string }; output: Record<string, never> };
  /** Stop signal, grace, SIGKILL. */
  terminate: {
    input: ServerFacts & { containerId: string; graceSeconds: number };
    output: { exitCode: number | null; oomKilled: boolean };
  };
  kill: { input: ServerFacts & { containerId: string }; output: { exitCode: number | null; oomKilled: boolean } };
  /** Looks at container and data, and says what is there. */
  verify: { input: ServerFacts; output: Observation };
  /** Removes the containers of this server but the one to `keep`; compensation after a failed or cancelled start. */
  removeContainer: { input: ServerFacts & { keep: string | null }; output: Record<string, never> };
  /** Starts a kept container again and waits for readiness; the way back of a rebuild. */
  revert: { input: ServerFacts & { containerId: string; start: boolean }; output: Record<string, never> };
  /** Removes container, ports and, unless kept, data. `nodeId` is null when it was never fully prepared. */
  purge: {
    input: Omit<ServerFacts, 'nodeId'> & { nodeId: string | null; keepData: boolean };
    output: Record<string, never>;
  };
}
