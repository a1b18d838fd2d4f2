/**
 * The machine that Baton runs on, as a node: with Docker, or simulated where there is none. Each of the two is a node of its
 * own in the database, so that a world never changes from a real engine to a simulated one because Docker was away.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { Ports } from './actors/ports.ts';
import type { Engine, NodeHost } from './conductor/interfaces/engine.ts';
import type { NodeLink } from './conductor/interfaces/link.ts';
import type { NodeRow } from './conductor/interfaces/reads.ts';
import type { NodeStore } from './conductor/interfaces/stores.ts';
import type { NodeSize } from './conductor/node/kind.ts';
import { type FaultPoint, withFaults } from './faults.ts';
import {
  createDockerEngine,
  createLocalLink,
  createLocalNode,
  createSimulatedEngine,
  detectDocker,
  SIMULATED_DEFAULTS,
  saveWorldToDisk,
  simulatedDisk,
  worldsIn,
} from './nodes/index.ts';

export interface LocalNode {
  readonly host: NodeHost;
  readonly link: NodeLink;
  readonly size: NodeSize;
  /** Directory of its worlds. */
  readonly dataRoot: string;
}

export interface LocalNodes {
  /** What readers are told Baton runs on; new servers go to nodes of its engine. */
  readonly home: LocalNode;
  readonly all: readonly LocalNode[];
  /** Sentences for the log and `/readyz`. */
  readonly notes: readonly string[];
}

export interface LocalNodesParts {
  readonly settings: Settings;
  readonly store: NodeStore;
  readonly ports: Ports;
  readonly log: Logger;
  readonly fault: FaultPoint | null;
}

/** What a Docker node's size is taken for until its engine has answered once. */
const UNKNOWN_SIZE: NodeSize = { ramMb: 0, cpus: 0 };

export async function openLocalNodes(parts: LocalNodesParts): Promise<LocalNodes> {
  const { settings, store } = parts;
  const { engine } = settings.node;
  const rows = (await store.nodes()).filter(({ kind }) => kind === 'local');
  const docker = engine === 'simulated' ? null : await detectDocker(settings.node.dockerHost ?? undefined);
  const hadDocker = rows.some((row) => row.engine === 'docker');
  const useDocker = engine === 'docker' || (engine === 'auto' && (docker?.available === true || hadDocker));
  const notes: string[] = [];
  const all: LocalNode[] = [];
  if (useDocker || hadDocker) {
    if (docker?.available === false) notes.push(`The Docker engine does not answer: ${docker.reason}`);
    all.push(await dockerNode(parts, rows));
  }
  if (!useDocker || rows.some((row) => row.engine === 'simulated')) {
    const known = rows.filter((row) => row.engine === 'simulated').length;
    const count = Math.max(known, useDocker ? 0 : settings.node.simulated.count);
    const simulated: LocalNode[] = [];
    for (let number = 1; number <= count; number += 1) simulated.push(await simulatedNode(parts, number));
    if (useDocker) all.push(...simulated);
    else all.unshift(...simulated);
  }
  if (!useDocker) {
    const why = docker?.available === false ? `No Docker engine was found: ${docker.reason} ` : '';
    notes.push(`${why}Servers run on a simulated node; they only pretend, and players cannot join them.`);
  }
  for (const { host, dataRoot } of all) notes.push(...(await strangeWorlds(host.id, dataRoot)));
  const [home] = all;
  if (home === undefined) throw new TypeError('There is no node.');
  return { home, all, notes };
}

/** A node of another database has another id, and its servers are missed there, not here. */
async function strangeWorlds(nodeId: string, dataRoot: string): Promise<string[]> {
  const { strange } = await worldsIn(dataRoot, nodeId);
  if (strange.length === 0) return [];
  return [
    `Of the worlds in ${join(dataRoot, 'servers')}, ${strange.length} were not made with this database; they and their containers ` +
      'are left alone. To have their servers back, start Baton with the database that they were made with.',
  ];
}

async function dockerNode(parts: LocalNodesParts, rows: readonly NodeRow[]): Promise<LocalNode> {
  const { settings, store, log } = parts;
  const known = rows.find((row) => row.engine === 'docker');
  const name = known?.name ?? hostname();
  const engineFor = (nodeId: string) =>
    createDockerEngine({
      nodeId,
      host: settings.node.dockerHost ?? undefined,
      networkPool: settings.node.networkPool,
      onProblem: (problem) => log.warn({ code: problem.code }, problem.message),
    });
  const size = await sizeOf(engineFor(''), settings.node.ramMb, known);
  const row = await store.upsertNode({ name, engine: 'docker', ...size });
  return nodeOf(parts, row, engineFor(row.id), size);
}

/** The engine's own answer; while it is away, what it said last. */
async function sizeOf(engine: Engine, ramMb: number, known: NodeRow | undefined): Promise<NodeSize> {
  try {
    const info = await engine.info();
    return { ramMb: ramMb || info.ramMb, cpus: info.cpus };
  } catch {
    return known === undefined ? UNKNOWN_SIZE : { ramMb: known.ramMb, cpus: known.cpus };
  }
}

/** @param number from 1; the first one has none in its name */
async function simulatedNode(parts: LocalNodesParts, number: number): Promise<LocalNode> {
  const { settings, store, ports } = parts;
  const size = { ramMb: settings.node.ramMb || SIMULATED_DEFAULTS.ramMb, cpus: SIMULATED_DEFAULTS.cpus };
  const suffix = number === 1 ? '' : `-${number}`;
  const row = await store.upsertNode({ name: `simulated${suffix}`, engine: 'simulated', ...size });
  const engine = createSimulatedEngine(ports, {
    ...settings.node.simulated,
    ...size,
    nodeId: row.id,
    saveWorld: saveWorldToDisk,
    disk: simulatedDisk(join(settings.dataDir, `simulated-machine${suffix}.json`)),
  });
  return nodeOf(parts, row, engine, size);
}

function nodeOf({ settings, fault, ports }: LocalNodesParts, row: NodeRow, engine: Engine, size: NodeSize): LocalNode {
  // Of one engine there may be several simulated nodes, and one real one, whatever that is called.
  const dataRoot = join(settings.dataDir, 'worlds', row.engine === 'simulated' ? row.name : row.engine);
  const plain = createLocalNode({
    id: row.id,
    name: row.name,
    engine: withFaults('engine', engine, fault),
    dataRoot,
    publishAddress: settings.node.publishAddress,
  });
  const host = { ...plain, worlds: withFaults('worlds', plain.worlds, fault) };
  const pretended = row.engine === 'simulated' ? size : null;
  return { host, link: createLocalLink({ host, dataRoot, size: pretended, ports }), size, dataRoot };
}
