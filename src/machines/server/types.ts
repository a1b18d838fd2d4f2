/**
 * The words of the server's statechart: what it remembers, what it is told, and which effects it starts.
 */

import type { Commanded, OperationRef, Stamped } from '../../actors/verbs.ts';
import type { StoredError } from '../../errors.ts';
import type { FenceProof } from '../fleet/lease.ts';
import type { NodeNews, NodeShows } from '../fleet/types.ts';

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

export const FAILOVER_POLICIES = ['wait', 'fresh'] as const;
/**
 * What becomes of a server whose node is lost, once it is certain that it does not run there. `wait`: it waits for its node, or
 * for the command `failover`. `fresh`: it starts elsewhere with an empty world by itself.
 */
export type FailoverPolicy = (typeof FAILOVER_POLICIES)[number];

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
  readonly failoverPolicy: FailoverPolicy;
  /** How long a failover by itself waits since its node was lost, in case that comes back. */
  readonly failoverGraceSeconds: number;
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

/** How it is with a server whose node does not answer. Times are Unix milliseconds. */
export interface Loss {
  /** Since when its node is lost. */
  readonly since: number;
  /** When its node last confirmed its lease, as far as is known: until then it ran for certain, and is billed. */
  readonly lastLeaseAt: number | null;
  /** The proof that it does not run there; null while there is none. */
  readonly fence: { readonly proof: FenceProof; readonly at: number } | null;
  /** It shall be off. */
  readonly off: boolean;
  /** Its node has booted meanwhile. */
  readonly rebooted: boolean;
  /** The failover that is under way; null when none is. */
  readonly failover: FailoverPlan | null;
  /** Before this, no failover by itself is tried again. */
  readonly retryAt: number | null;
}

export interface FailoverPlan {
  /** With an empty world; else with the data that lies at its place on the new node. */
  readonly fresh: boolean;
  /** The node that was asked for; null for any other than the old one. */
  readonly wanted: string | null;
}

/** The world that the last failover gave up. It is put aside when its node returns. */
export interface GivenUp {
  readonly nodeId: string;
  readonly epoch: number;
  readonly at: number;
  /** The age of what was given up is reckoned from here. */
  readonly lastLeaseAt: number | null;
  readonly fresh: boolean;
}

export interface ServerContext {
  readonly id: string;
  readonly ownerId: string;
  readonly spec: ServerSpec;
  /** Where its data lies; null until it was prepared. */
  readonly nodeId: string | null;
  readonly engine: 'docker' | 'simulated' | null;
  readonly ports: readonly PortRow[];
  /** Rises with each placement. */
  readonly epoch: number;
  /** Of the room that its node gave it last: what its node says of it bears this one. */
  readonly placedEpoch: number;
  /** The highest that any attempt to place it elsewhere bore, or that was seen of it. The next one is above. */
  readonly triedEpoch: number;
  readonly containerId: string | null;
  /** True while its node keeps room for this server. */
  readonly reserved: boolean;
  /** Its world is there; null while not yet known. */
  readonly dataExists: boolean | null;
  /** One of its template's marks has been seen: without any of them, what else lies there is no world. */
  readonly worldMarked: boolean;
  /** When last measured; null while not yet known, or when nobody can say. */
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
  /** Null unless its node is lost. */
  readonly loss: Loss | null;
  /** Lease epochs of its home: the newest under which it was said to be lost, and under which it asked what may run. */
  readonly lease: { readonly lost: number; readonly asked: number };
  readonly givenUp: GivenUp | null;
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
  /** Something lies where its world should be. */
  readonly dataExists: boolean;
  /** One of its template's marks of a world lies there; null when nobody can say. */
  readonly dataMarked: boolean | null;
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

/** What a `configure` changes. It may have waited: so it says of the env only what was asked, and the turn puts it in. */
export interface Changes {
  readonly changes: Partial<Omit<ServerSpec, 'env'>>;
  /** Null removes a variable. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Variables that the game takes up without a new container. */
  readonly liveEnv?: readonly string[];
}

export type ServerEvent =
  | (Commanded & { type: 'start'; fresh?: boolean; backupId?: string })
  | (Commanded & { type: 'wake' })
  | (Commanded & { type: 'stop' } & StopOptions)
  | (Commanded & { type: 'kill' })
  | (Commanded & { type: 'restart' } & StopOptions)
  | (Commanded & { type: 'rebuild'; imageTag?: string })
  | (Commanded & { type: 'configure' } & Changes)
  | (Commanded & { type: 'delete'; stopFirst?: boolean } & StopOptions)
  | (Commanded & { type: 'undelete' })
  | (Commanded & { type: 'purge'; keepData?: boolean })
  /** Cancels the running operation (`POST /api/operations/:id/cancel`). */
  | (Commanded & { type: 'cancel'; operationId: string })
  /** Starts it on another node. Without `fresh` its data has to lie there already, at its place. */
  | (Commanded & { type: 'failover'; fresh?: boolean; nodeId?: string })
  /** Taken by states that later parts of Baton add. */
  | (Commanded & { type: 'backup' | 'restore_backup' | 'archive' | 'migrate' })
  /** Somebody is about to use the console; begins no operation. Replies where the container is. */
  | (Stamped & { type: 'exec'; command: string })
  | (Stamped & { type: 'observed'; observation: Observation })
  /** How much lies there; null when nobody can say. */
  | (Stamped & { type: 'measured'; dataBytes: number | null })
  | (Stamped & { type: 'probe.ok'; players: number | null })
  /** `streak` is how many probes have failed in a row. */
  | (Stamped & { type: 'probe.failed'; streak: number })
  /** From the queue: there is room for this server now, and for a while it is kept for it. */
  | (Stamped & { type: 'capacity.available' })
  /** From the node: the room of this epoch was taken back, because the start took too long. */
  | (Stamped & { type: 'reservation.expired'; nodeId: string; epoch: number })
  /** From its node, in this order. */
  | NodeNews
  /** Asked by its node, or by one that has something of it. Replies a `Verdict`. */
  | NodeShows;

/** Where a server lives. */
export interface Home {
  readonly nodeId: string;
  readonly engine: 'docker' | 'simulated';
  readonly ports: readonly PortRow[];
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

/** Which container stays, and how long one that runs is given to save and to end; 0 kills it. */
export interface Removal {
  readonly keep: string | null;
  readonly graceSeconds: number;
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
   * Reserves room for this epoch: on its home if its data exists, else on any node that fits; never on one to `avoid`, and if
   * one is `wanted`, only there. `home` says that it is another node than before, or that its ports are others. `placed: false`
   * when there is no room now, `busy` when there is and its nodes start others. An attempt that is given up gives its room back.
   * Permanent `no_data` if its home was removed and it `expects` a world there.
   */
  place: {
    input: ServerFacts & {
      /** Or a container that may run. */
      dataExists: boolean;
      /** The world that must be on its home; null where a new one may begin. */
      expects: Pick<ServerContext, 'worldMarked'> | null;
      avoid: readonly string[];
      wanted: string | null;
    };
    output: { placed: true; home?: Home } | { placed: false; reason: string; busy?: true };
  };
  /** Looks where its data lies, on the node that is `wanted` or on any but those to `avoid`. Permanent `no_data` if nowhere. */
  findWorld: {
    input: { serverId: string; avoid: readonly string[]; wanted: string | null };
    output: { nodeId: string };
  };
  /** Makes sure that the image is on the node; with `refresh` it is pulled even if it is there. */
  fetch: { input: ServerFacts & { refresh: boolean }; output: Record<string, never> };
  /**
   * Makes the container of this epoch, and removes those of older epochs unless `keep` names one; see `removeContainer`. Permanent
   * `no_data` if there is no world but `expects` says that there was; null where a new one may begin.
   */
  createContainer: {
    input: ServerFacts & Removal & { expects: Pick<ServerContext, 'worldMarked'> | null };
    output: { containerId: string };
  };
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
  /**
   * Removes the containers of this server but the one to `keep`; compensation after a failed or cancelled start. One that runs,
   * after a stop that failed or a start of which nobody knows how far it got, is asked to stop first.
   */
  removeContainer: { input: ServerFacts & Removal; output: Record<string, never> };
  /** Starts a kept container again and waits for readiness; the way back of a rebuild. */
  revert: { input: ServerFacts & { containerId: string; start: boolean }; output: Record<string, never> };
  /** Removes container, ports and, unless kept, data. `nodeId` is null when it was never fully prepared. */
  purge: {
    input: Omit<ServerFacts, 'nodeId'> & { nodeId: string | null; keepData: boolean };
    output: Record<string, never>;
  };
}
