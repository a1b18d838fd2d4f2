/**
 * What the conductor asks of a machine that runs containers. Implemented in `nodes/` by `docker` and `simulated`;
 * one conformance suite (`test/nodes/engine-conformance.ts`) holds for both.
 *
 * Every call may throw a `BatonError` of the `nodes` catalogue whose retry class is right, obeys its `AbortSignal`, and
 * is written so that doing it twice is the same as doing it once.
 */

import type { Duplex } from 'node:stream';

export type EngineKind = 'docker' | 'simulated';
export type Protocol = 'tcp' | 'udp';

export interface PortBinding {
  /** The template's name of the port, such as `game`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Port inside the container. */
  readonly container: number;
  /** Port on the node, reserved for this server until it is purged. */
  readonly host: number;
}

/** Everything that is needed to make a server's container again from its row. */
export interface ContainerSpec {
  readonly serverId: string;
  readonly nodeId: string;
  /** Rises with each placement; stands in the container's name and labels. */
  readonly epoch: number;
  /** Full reference with tag. */
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ports: readonly PortBinding[];
  /** The address on the node that ports are published on, such as `0.0.0.0`. */
  readonly publishAddress: string;
  /** Where the world is on the node, absolute. */
  readonly dataDir: string;
  /** Where the container sees it. */
  readonly dataPath: string;
  readonly ramMb: number;
  /** In cores; 0 means no limit. */
  readonly cpu: number;
  readonly pidsLimit: number;
  /** Linux capabilities to keep, such as `CHOWN`; all others are dropped. */
  readonly capabilities: readonly string[];
  /** `uid:gid` or a name; empty for the image's own. */
  readonly user: string;
  /** Whether the game reads commands from standard input. */
  readonly stdin: boolean;
  readonly stopSignal: string;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'exited';

export interface ContainerInfo {
  readonly id: string;
  readonly name: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly nodeId: string;
  readonly image: string;
  readonly state: ContainerState;
  /** Meaningful once exited. */
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** Unix milliseconds. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** Address on its own network where its machine reaches the game and its console; null unless it is running. */
  readonly address: string | null;
}

/** Something that happened to one of Baton's containers, as the engine tells it. */
export interface EngineEvent {
  readonly type: 'created' | 'started' | 'exited' | 'removed';
  readonly containerId: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** True when somebody asked the engine to stop it (a stop signal was sent through the engine just before). */
  readonly requested: boolean;
}

export interface EngineInfo {
  readonly version: string;
  readonly ramMb: number;
  readonly cpus: number;
  readonly architecture: string;
}

export interface PullProgress {
  /** 0 to 1, or null while unknown. */
  readonly fraction: number | null;
  readonly message: string;
}

export interface ContainerStats {
  readonly ramBytes: number;
  readonly ramLimitBytes: number;
  /** 1 is one core fully used. */
  readonly cpu: number;
  readonly networkRxBytes: number;
  readonly networkTxBytes: number;
}

/** How an image that Baton builds itself is run; the words are Docker's. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `uid:gid`. */
  readonly user: string;
  readonly exposedPorts: readonly { readonly protocol: Protocol; readonly container: number }[];
  /** Read back with {@link Engine.imageLabels}. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The games inside a simulated engine's containers, asked directly because nothing answers on a network. */
export interface SimulatedGames {
  /** Null while the game does not answer: it is not running, or still booting. */
  status(containerId: string): { readonly players: number } | null;
  /** What the game answers to a console command. Throws `container_not_running`. */
  console(containerId: string, command: string): string;
}

/** The way to what runs on a machine that Baton itself does not run on. */
export interface RemoteMachine {
  /** Where its published ports are reached. */
  readonly hostname: string;
  /**
   * Connects by TCP to an address as the machine sees it, such as a container's own. Throws `forwarding_failed` (transient)
   * when nothing listens there.
   */
  dial(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

export interface Engine {
  readonly kind: EngineKind;
  /** There if, and only if, `kind` is `simulated`: stands in for every probe and for RCON. */
  readonly simulated?: SimulatedGames;
  /** There if containers run on another machine, whose inside addresses mean nothing here. */
  readonly remote?: RemoteMachine;
  info(signal?: AbortSignal): Promise<EngineInfo>;
  /**
   * When the engine began, in Unix ms by its own clock, as the times of its containers are; null where it cannot be told.
   * One that is about to end does not answer any more.
   */
  startedAt(signal?: AbortSignal): Promise<number | null>;
  /** All of Baton's containers on this node, in any state. */
  inventory(signal?: AbortSignal): Promise<readonly ContainerInfo[]>;
  /**
   * Calls `listener` for each event until the signal aborts. Reconnects by itself with backoff; after each (re)connection
   * `onConnected` is called, because events may have been missed and the inventory must be read again.
   */
  watch(listener: (event: EngineEvent) => void, onConnected: () => void, signal: AbortSignal): void;
  hasImage(image: string, signal?: AbortSignal): Promise<boolean>;
  /** Throws `image_not_found` (permanent) naming the image when the registry does not have it. */
  pullImage(image: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void>;
  /** Labels of an image that is there; null when it is not. */
  imageLabels(image: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>> | null>;
  /**
   * Makes an image out of a root filesystem, for games that no registry has. The name is given to the image only when it
   * is whole, so a call that fails or is aborted leaves what was there before. `rootfs` is an uncompressed tar.
   */
  loadImage(image: string, rootfs: NodeJS.ReadableStream, config: ImageConfig, signal: AbortSignal): Promise<void>;
  /** A container of the same server and epoch that is already there is returned as it is. Does not start it. */
  createContainer(spec: ContainerSpec, signal?: AbortSignal): Promise<ContainerInfo>;
  /** Starting a running container is no error. Throws `port_in_use` (permanent) naming the port, `container_gone`. */
  startContainer(containerId: string, signal?: AbortSignal): Promise<void>;
  /** Sends the stop signal, waits `graceMs`, then SIGKILL; returns when it has exited. A stopped one is returned at once. */
  stopContainer(containerId: string, graceMs: number, signal?: AbortSignal): Promise<ContainerInfo | null>;
  killContainer(containerId: string, signal?: AbortSignal): Promise<ContainerInfo | null>;
  /** Removes it, running or not, with its own network. Removing what is gone is no error. */
  removeContainer(containerId: string, signal?: AbortSignal): Promise<void>;
  inspectContainer(containerId: string, signal?: AbortSignal): Promise<ContainerInfo | null>;
  /** The last lines of its output, oldest first; empty when it is gone. */
  logTail(containerId: string, lines: number, signal?: AbortSignal): Promise<readonly string[]>;
  /** Follows the output, from the `tail` last lines on, until the signal aborts or the container exits. */
  followLogs(containerId: string, tail: number, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Writes a line to the game's standard input (the container must have been made with `stdin`). */
  writeStdin(containerId: string, line: string, signal?: AbortSignal): Promise<void>;
  stats(containerId: string, signal?: AbortSignal): Promise<ContainerStats | null>;
}

/** The worlds of one node: `<data root>/servers/<server id>/data` with a manifest beside it. */
export interface Worlds {
  /** Absolute path of the server's data directory on the node, whether it exists or not. */
  dataDir(serverId: string): string;
  /** Makes the directory and its manifest; an existing one is kept. Returns whether data was there before. */
  ensure(manifest: WorldManifest): Promise<{ readonly existed: boolean }>;
  /** What is there now. Quick, however large the world is. @param marks paths below the data, such as `world/level.dat` */
  look(serverId: string, marks: readonly string[], signal?: AbortSignal): Promise<WorldSight>;
  /** The sum of file sizes, for which the whole world is walked; null where not all of it may be read. */
  measure(serverId: string, signal?: AbortSignal): Promise<number | null>;
  /** Removes data and manifest. Removing what is gone is no error. */
  remove(serverId: string): Promise<void>;
}

export interface WorldSight {
  /** Whether anything lies in its directory. */
  readonly exists: boolean;
  /** Whether one of the marks does; null when none were asked for. */
  readonly marked: boolean | null;
}

export interface WorldManifest {
  readonly serverId: string;
  readonly epoch: number;
  readonly ownerId: string;
  /** `uid:gid` the data belongs to when it is first made; empty for ours. */
  readonly user: string;
}

/** A machine, as the conductor sees it. */
export interface NodeHost {
  readonly id: string;
  readonly name: string;
  readonly engine: Engine;
  readonly worlds: Worlds;
  /** Of the given ports, those that some process on the node already holds. */
  portsTaken(ports: readonly { protocol: Protocol; host: number }[]): Promise<ReadonlySet<string>>;
}

/** The key that {@link NodeHost.portsTaken} answers with. */
export const portKey = (protocol: Protocol, host: number): string => `${protocol}/${host}`;
