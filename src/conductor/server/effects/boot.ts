import type { EffectContext, EffectFunction } from '../../../actors/types.ts';
import type { ServerEffects, ServerFacts } from '../../../machines/server/types.ts';
import { errors } from '../../errors.ts';
import type { GameStatus } from '../../interfaces/games.ts';
import { gameTarget, type ServerWorld } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** Lines of the console that go into the error when a game ends while booting. */
const BOOT_LOG_LINES = 50;

/** Starts the container and asks the game until it answers. */
export const boot =
  (world: ServerWorld): Run<'boot'> =>
  async (facts, context) => {
    await world.node(facts.nodeId).engine.startContainer(facts.containerId, context.signal);
    const { players } = await untilReady(world, facts, facts.containerId, context);
    return { players };
  };

/** The way back of a rebuild: the kept container is the server's again. */
export const revert =
  (world: ServerWorld): Run<'revert'> =>
  async ({ start, containerId, ...facts }, context) => {
    if (!start) return {};
    await world.node(facts.nodeId).engine.startContainer(containerId, context.signal);
    await untilReady(world, facts, containerId, context);
    return {};
  };

async function untilReady(
  world: ServerWorld,
  facts: ServerFacts,
  containerId: string,
  { signal, progress }: EffectContext,
): Promise<GameStatus> {
  const { engine } = world.node(facts.nodeId);
  for (;;) {
    const target = await gameTarget(world, facts, containerId, signal);
    if (target.container.state === 'exited') {
      const { exitCode, oomKilled } = target.container;
      const log = await engine.logTail(containerId, BOOT_LOG_LINES, signal);
      const oom = oomKilled ? ', because it used more memory than it has' : '';
      throw errors.boot_failed({ exit_code: exitCode, oom, oom_killed: oomKilled, log });
    }
    const probe = AbortSignal.any([signal, world.timeout(world.settings.probeTimeoutMs)]);
    try {
      return await world.games.probe(target, probe);
    } catch (thrown) {
      signal.throwIfAborted();
      progress(null, `Waiting for the game to answer. ${await lastLine()}`.trim());
      void thrown;
    }
    await world.sleep(world.settings.bootProbeMs, signal);
  }

  async function lastLine(): Promise<string> {
    const [line = ''] = await engine.logTail(containerId, 1, signal);
    return line === '' ? '' : `It last said: ${line.slice(0, 200)}`;
  }
}
