/**
 * Every named point at which the suite lets Baton kill itself: before and after each call of the store (each is a
 * transaction), of the engine, of the ports and of the worlds. The number beside a method is how often a short life passes it
 * with ease, so that the passage at which to die can be chosen; 0 is a method that an orderly life never calls.
 */
import type { CommitStore } from '../../src/actors/store.ts';
import type { Engine, EngineKind, Worlds } from '../../src/conductor/interfaces/engine.ts';
import type { PortStore } from '../../src/conductor/interfaces/stores.ts';
import type { Random } from './random.ts';

type Passages<T> = Readonly<Record<keyof T, number>>;

/** Dead letters and quarantine follow a defect only; the suite finds none when all is well. */
const STORE: Passages<CommitStore> = {
  commit: 40,
  load: 2,
  dueTimers: 10,
  actorsWithWork: 1,
  operation: 3,
  operationByKey: 8,
  stash: 1,
  progress: 1,
  claimShards: 1,
  renewShards: 1,
  releaseShards: 1,
  deadLetterOrphans: 1,
  deadLetter: 0,
  quarantine: 0,
};

/** What only readers of a server ask (stats, the console) has no part in what is kept. */
const ENGINE: Passages<Engine> = {
  kind: 0,
  simulated: 0,
  remote: 0,
  info: 0,
  startedAt: 0,
  inventory: 6,
  watch: 0,
  hasImage: 0,
  pullImage: 0,
  imageLabels: 2,
  loadImage: 0,
  createContainer: 2,
  startContainer: 2,
  stopContainer: 1,
  killContainer: 1,
  removeContainer: 1,
  inspectContainer: 4,
  logTail: 1,
  followLogs: 0,
  writeStdin: 0,
  stats: 0,
};

/** Calls that one engine sees and the other does not: Docker has the image already, and simulated games have a console. */
const OF_ENGINE: Readonly<Record<EngineKind, Partial<Passages<Engine>>>> = {
  simulated: { hasImage: 1, pullImage: 1, loadImage: 1 },
  docker: { info: 1, writeStdin: 1 },
};

const PORTS: Passages<PortStore> = { reservePorts: 1, portsOf: 0, releasePorts: 1 };

const WORLDS: Passages<Worlds> = { dataDir: 0, ensure: 2, look: 2, measure: 1, remove: 1 };

/** Passed only while images are not there yet: in the first life of a run. */
const FIRST = new Set(['engine.loadImage', 'engine.pullImage']);

export interface Point {
  /** As `--fault` takes it, without the passage. */
  readonly name: string;
  /** Only a first life passes it. */
  readonly first: boolean;
  /** The passage to die at is chosen from 1 to this. */
  readonly passages: number;
}

/** All points of one engine, in an order in which neighbours differ. */
export function pointsOf(engine: EngineKind): readonly Point[] {
  const parts = { store: STORE, engine: { ...ENGINE, ...OF_ENGINE[engine] }, ports: PORTS, worlds: WORLDS };
  return (['before', 'after'] as const).flatMap((side) =>
    Object.entries(parts).flatMap(([part, methods]) =>
      Object.entries(methods)
        .filter(([, passages]) => passages > 0)
        .map(([method, passages]) => ({
          name: `${part}.${method}.${side}`,
          first: FIRST.has(`${part}.${method}`),
          passages,
        })),
    ),
  );
}

/** The point as `--fault` takes it. */
export const faultAt = ({ name, passages }: Point, random: Random): string => `${name}:${random.int(1, passages)}`;
