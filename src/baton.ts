/** Builds all of Baton, in start order, and takes it down in the opposite order. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { nodeLimits } from '../config/fleet.ts';
import type { Settings } from '../config/settings.ts';
import { createRuntime } from './actors/runtime.ts';
import { systemPorts } from './actors/system-ports.ts';
import type { Principal } from './actors/types.ts';
import { createConductor } from './conductor/conductor.ts';
import { createFleet, createFleetReads, createPicture, followNodes } from './conductor/fleet/index.ts';
import { createJanitor } from './conductor/janitor.ts';
import { ensureNodeActor, nodeKind } from './conductor/node/kind.ts';
import { createLeaseBook } from './conductor/node/lease-book.ts';
import type { NodeWorld } from './conductor/node/world.ts';
import { createQueuePicture, ensureQueue, followQueue, hintQueue, queueKind } from './conductor/queue/index.ts';
import { serverKind } from './conductor/server/kind.ts';
import { createObserver } from './conductor/server/observer.ts';
import type { ServerWorld } from './conductor/server/world.ts';
import { type FaultPoint, withFaults } from './faults.ts';
import { createMachines } from './fleet-machines.ts';
import { imagesDir } from './games/images/recipes.ts';
import { createGames } from './games/index.ts';
import { createDoor } from './http/index.ts';
import { openLocalNodes } from './local-nodes.ts';
import { createSshNode } from './nodes/index.ts';
import { createCommitStore } from './persistence/commit/store.ts';
import { openDatabase } from './persistence/database.ts';
import { startEmbeddedPostgres } from './persistence/embedded/index.ts';
import { createReads } from './persistence/reads.ts';
import { openRepositories } from './persistence/repositories/index.ts';
import { projections } from './persistence/sql/projections.ts';
import { createFleetMemory, createPlanner } from './planner/index.ts';
import { openDataDir } from './setup/data-dir.ts';

export interface BatonOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Where to die, for the crash suite. */
  readonly fault?: FaultPoint | null;
  /** Called when this process must not go on, since another one has its shards. */
  readonly leaseLost: () => void;
}

export interface Baton {
  readonly url: string;
  readonly adminTokenPath: string;
  /** Takes nothing new, finishes turns, hands effects to the next start. */
  stop(): Promise<void>;
}

const SYSTEM = 'system';

/** Starts Baton. Whatever was started before something failed is stopped again. */
export async function startBaton({ settings, log, fault = null, leaseLost }: BatonOptions): Promise<Baton> {
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) {
      await close().catch((error: unknown) => log.warn({ err: error }, 'something did not close'));
    }
  };
  const report = (message: string, details: Record<string, unknown>) => log.warn(details, message);
  try {
    const dataDir = await openDataDir(settings.dataDir, settings.http.adminToken ?? null);
    closers.push(() => dataDir.release());

    const target = await openTarget(settings, log, closers);
    const database = await openDatabase({ target: target.connection, log, ...settings.database });
    closers.push(() => database.close());
    for (const migration of await database.migrate()) log.info({ migration }, 'migration applied');

    const repositories = openRepositories(database, systemPorts.id);
    const reads = createReads(database);
    const ownReads = createReads(database, database.background);
    const admin = await repositories.ensureAdmin();
    const system: Principal = { accountId: admin.id, name: SYSTEM, admin: true };

    const games = await createGames({
      cacheDir: imagesDir(settings.dataDir),
      templatesDir: settings.games.templatesDir ?? undefined,
    });
    const nodes = await openLocalNodes({ settings, store: repositories, ports: systemPorts, log, fault });
    for (const note of nodes.notes) log.warn(note);
    const machines = createMachines({
      local: nodes.all,
      remote: (node) =>
        createSshNode({
          nodeId: node.id,
          name: node.name,
          root: node.ssh.root ?? undefined,
          dockerHost: node.ssh.dockerHost ?? undefined,
          networkPool: settings.node.networkPool,
          keyOf: async (id) => (await repositories.keyOf(id)) ?? '',
          onProblem(problem) {
            // That a node is away is told by the node.
            if (problem.code === 'node_unreachable') return;
            log.warn({ node: node.name, code: problem.code }, problem.message);
          },
        }),
    });
    closers.push(() => machines.close());
    for (const { id, name, ssh } of await repositories.nodes()) if (ssh !== null) machines.add({ id, name, ssh });

    const shared = {
      ask: (address, event, options) => runtime.actors.ask(address, event, options),
      sleep: (ms, signal) => delay(ms, undefined, { signal }),
      timeout: (ms) => AbortSignal.timeout(ms),
    } satisfies Pick<ServerWorld & NodeWorld, 'ask' | 'sleep' | 'timeout'>;
    const { clock } = systemPorts;
    const limits = nodeLimits(settings.fleet);
    const memory = createFleetMemory();
    const planner = createPlanner({ memory, clock, report, strategy: settings.conductor.strategy });
    closers.push(() => planner.close());
    const picture = createPicture({ memory, clock, startsMax: limits.startsMax });
    const queue = createQueuePicture(clock);
    const { kind: engine } = nodes.home.host.engine;
    const { placeTries: tries, askMs } = settings.conductor;
    const fleet = createFleet({ picture, planner, queue, ask: shared.ask, clock, engine, tries, askMs });
    const world: ServerWorld = {
      ...shared,
      games,
      ports: withFaults('ports', repositories, fault),
      settings: {
        ...settings.conductor,
        portRange: { from: settings.node.portRange.first, to: settings.node.portRange.last },
        publishAddress: settings.node.publishAddress,
        announceMs: settings.server.announceMs,
      },
      fleet,
      node: (id) => machines.of(id).host,
      nodes: () => machines.all().map(({ host }) => host),
    };
    const leases = createLeaseBook();
    const nodeWorld: NodeWorld = {
      ...shared,
      machines,
      keys: repositories,
      limits,
      leases,
      clock,
      // Nobody but this process can reach the embedded database: its directory is locked.
      mayGrant: () => target.isOwn || runtime.isSure(),
    };
    const kinds = [
      serverKind(world, settings.server),
      nodeKind(nodeWorld),
      queueKind({ queue, picture, planner, engine, clock, limits: settings.queue }),
    ];
    const runtime = createRuntime({
      store: withFaults('store', createCommitStore(database.pool, projections), fault),
      kinds,
      ports: systemPorts,
      limits: settings.actors,
      owner: dataDir.instanceId,
      report,
      leaseLost,
    });
    followQueue(runtime, queue);
    // Before anything is picked up again: whoever was given room before looks for it there.
    await followNodes(runtime, reads, picture);
    await runtime.start();
    closers.push(() => runtime.stop());
    await ensureQueue(runtime.actors, system);
    for (const { host, size } of nodes.all) await ensureNodeActor(runtime.actors, host, size, system);
    hintQueue(runtime.actors, picture, queue, leases);

    const watching = new AbortController();
    closers.push(async () => watching.abort());
    machines.onEach(({ host }, gone) => {
      const { send } = runtime.actors;
      createObserver({ ...settings.conductor, ...world, node: host, reads: ownReads, send, clock, report }).start(
        AbortSignal.any([watching.signal, gone]),
      );
    });
    createJanitor({ housekeeping: repositories, settings: settings.retention, sleep: world.sleep, report }).start(
      watching.signal,
    );

    const { host, size } = nodes.home;
    const conductor = createConductor({
      runtime,
      kinds,
      world,
      reads,
      fleet: createFleetReads({ picture, fleet, queue, reads, clock, startsMax: limits.startsMax }),
      deadLetters: repositories.deadLetters,
      keys: repositories,
      newId: systemPorts.id,
      node: { id: host.id, name: host.name, engine: host.engine.kind, ...size },
      notes: nodes.notes,
      publicHost: settings.node.publicHost ?? hostname(),
    });
    const door = createDoor({
      conductor,
      token: dataDir.adminToken,
      adminAccountId: admin.id,
      settings: settings.http,
      log,
      ports: systemPorts,
      version: await version(),
      secretNames: (template) => games.secretNames(games.template(template)),
      extraMetrics: () => [{ name: 'baton_actors_resident', help: 'Actors in memory.', value: runtime.residents() }],
    });
    const address = await door.listen();
    closers.push(() => door.close(settings.shutdown.graceMs));
    if (dataDir.adminTokenMade) log.info({ path: dataDir.adminTokenPath }, 'an admin token was made');
    return { url: `http://${address.host}:${address.port}`, adminTokenPath: dataDir.adminTokenPath, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The operator's own database, or the embedded one, which is ours alone. */
async function openTarget({ dataDir, database }: Settings, log: Logger, closers: (() => Promise<void>)[]) {
  if (database.url !== undefined && database.url !== null) return { connection: { url: database.url }, isOwn: false };
  const embedded = await startEmbeddedPostgres({ dataDir, log });
  closers.push(() => embedded.stop());
  return { connection: embedded.connection, isOwn: true };
}

async function version(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
