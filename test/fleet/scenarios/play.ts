/** Plays one scenario on the stage: strikes a machine, waits for what must come of it, mends it, waits until all is at rest. */
import { eventually } from '../../nodes/helpers/waiting.ts';
import type { FleetNode } from '../fleet.ts';
import type { EventSeen, ServerSeen } from './api.ts';
import { nowMs } from './clock.ts';
import { containersOn, type Found } from './containers.ts';
import { type KillMoment, moved, type Scenario, type Sign } from './scenarios.ts';
import type { Stage } from './stage.ts';
import { type Answered, type Picture, startWatch, type Watch } from './watch.ts';
import { COPY_DIGITS, putAside, type Write, writesOn } from './writes.ts';

/** How everything was at one moment, by server. */
export interface Scene {
  readonly servers: ReadonlyMap<string, ServerSeen>;
  /** Of all machines that were on. */
  readonly writes: ReadonlyMap<string, readonly Write[]>;
  readonly containers: readonly Found[];
  /** Worlds that were put aside. */
  readonly aside: ReadonlyMap<string, readonly string[]>;
}

/** All that is known of a play once it is over. Times are ms of CLOCK_MONOTONIC. */
export interface Played {
  readonly scenario: Scenario;
  readonly kill: KillMoment | null;
  readonly nodeId: string;
  readonly struckAtMs: number;
  /** When the API said so; null: never. */
  readonly noticedAtMs: number | null;
  /** When those of its servers that may move ran elsewhere; null: never. */
  readonly movedAtMs: number | null;
  readonly mendedAtMs: number;
  readonly restAtMs: number;
  /** Before it was struck, before it was mended, and once all was at rest. */
  readonly before: Scene;
  readonly during: Scene;
  readonly after: Scene;
  readonly events: readonly EventSeen[];
  /** Answers of the page of servers, from a while before it was struck on. */
  readonly answered: readonly Answered[];
  /** When it was asked and did not answer, though Baton was alive. */
  readonly unanswered: readonly number[];
}

/** Answers of the page from before anything happens, to compare with. */
const SAMPLES_BEFORE = 100;
/** Far beyond every deadline of Baton that a scenario comes near to, on a slow machine. */
const SIGN_MS = 120_000;
const REST_MS = 180_000;

export async function play(stage: Stage, scenario: Scenario, kill: KillMoment | null): Promise<Played> {
  const watch = startWatch(stage.baton, stage.token);
  try {
    return await playWatched(stage, scenario, kill, watch);
  } finally {
    await watch.stop();
  }
}

async function playWatched(stage: Stage, scenario: Scenario, kill: KillMoment | null, watch: Watch): Promise<Played> {
  const rest = () => watch.until('all is at rest', watch.first(isAtRest(stage)), REST_MS);
  await rest();
  const seq = await stage.lastSeq();
  const samples = watch.answered.length + SAMPLES_BEFORE;
  const sampled = watch.first(() => watch.answered.length >= samples);
  await watch.until('the page answers', sampled, SIGN_MS);
  const before = await sceneOf(stage, watch);
  const { nodeId, machine, own } = targetOf(stage, before);
  const killIf = async (moment: KillMoment) => {
    if (kill === moment) await stage.baton.killAndStartAgain();
  };
  const shown = (sign: Sign) => watch.first((picture) => sign(picture, nodeId, own));

  const [noticed, sign, elsewhere] = [shown(scenario.noticed), shown(scenario.until), shown(moved)];
  const struckAtMs = nowMs();
  await scenario.strike(machine);
  await killIf('struck');
  if (kill === 'noticed') await watch.until(`${scenario.name} is noticed`, noticed, SIGN_MS);
  await killIf('noticed');
  await watch.until(`what must come of ${scenario.name}`, sign, SIGN_MS);
  const during = await sceneOf(stage, watch);
  const mendedAtMs = nowMs();
  await scenario.mend(machine);
  await killIf('mended');
  // Else what was before anybody noticed would look like rest.
  await watch.until(`${scenario.name} is noticed`, noticed, SIGN_MS);
  const restAtMs = await rest();
  await eventually('all servers write', async () => allWrite(await sceneOf(stage, watch), restAtMs));
  return {
    scenario,
    kill,
    nodeId,
    struckAtMs,
    noticedAtMs: noticed.atMs(),
    movedAtMs: elsewhere.atMs(),
    mendedAtMs,
    restAtMs,
    before,
    during,
    after: await sceneOf(stage, watch),
    events: await stage.eventsSince(seq),
    answered: watch.answered.slice(samples - SAMPLES_BEFORE),
    unanswered: watch.unanswered,
  };
}

const isAtRest =
  ({ machines, serverIds }: Stage) =>
  ({ nodes, servers }: Picture): boolean =>
    [...machines.keys()].every((id) => {
      const { connection, pressure, status } = nodes.get(id) ?? {};
      return connection === 'healthy' && status === 'ready' && pressure?.disk === 'calm';
    }) && serverIds.every((id) => servers.get(id)?.status_detail === 'healthy');

/** The machine with the most servers that may move, and the servers that it has. */
function targetOf({ machines }: Stage, { servers }: Scene) {
  const byNode = Map.groupBy(servers.values(), ({ node_id }) => node_id ?? '');
  const [[nodeId, machine] = []] = [...machines].sort(([a], [b]) => movablesOf(b) - movablesOf(a));
  if (nodeId === undefined || machine === undefined || movablesOf(nodeId) === 0) throw new Error('nothing can move');
  return { nodeId, machine, own: byNode.get(nodeId) ?? [] };

  function movablesOf(id: string): number {
    return (byNode.get(id) ?? []).filter(({ failover_policy }) => failover_policy !== 'wait').length;
  }
}

async function sceneOf({ machines, serverIds }: Stage, { picture }: Watch): Promise<Scene> {
  const on = (await Promise.all([...machines.values()].map(ifOn))).filter((machine) => machine !== null);
  const ofEach = async <T>(ask: (machine: FleetNode, id: string) => Promise<readonly T[]>) => {
    const found = serverIds.map(async (id) => [id, (await Promise.all(on.map((m) => ask(m, id)))).flat()] as const);
    return new Map(await Promise.all(found));
  };
  // An engine that was killed tells nothing.
  const containers = await Promise.all(on.map((machine) => containersOn(machine).catch(() => [])));
  return {
    servers: new Map(picture.servers),
    writes: await ofEach(writesOn),
    containers: containers.flat(),
    aside: await ofEach(putAside),
  };
}

const ifOn = async (machine: FleetNode) => ((await machine.processes()).length > 0 ? machine : null);

/** Whether each server's container of now has written since. */
const allWrite = ({ servers, writes }: Scene, sinceMs: number): boolean =>
  [...writes].every(([id, own]) =>
    own.some(({ copy, atMs }) => atMs > sinceMs && servers.get(id)?.container_id?.startsWith(copy)),
  );

/** How the probe calls the container that a server had. */
export const copyOf = (server: ServerSeen | undefined): string => server?.container_id?.slice(0, COPY_DIGITS) ?? '';
