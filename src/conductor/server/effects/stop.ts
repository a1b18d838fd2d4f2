import type { EffectFunction } from '../../../actors/types.ts';
import type { ServerEffects } from '../../../machines/server/types.ts';
import type { ContainerInfo } from '../../interfaces/engine.ts';
import { observe } from '../observe.ts';
import { gameTarget, type ServerWorld, templateOf } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** Tells the players, and gives them the time to come to an end. Nobody there, or no way to tell: no wait. */
export const announce =
  (world: ServerWorld): Run<'announce'> =>
  async ({ message, containerId, ...facts }, { signal }) => {
    const command = templateOf(world, facts).stop.announce;
    if (command === undefined || message === '') return {};
    const target = await gameTarget(world, facts, containerId, signal);
    const ask = () => AbortSignal.any([signal, world.timeout(world.settings.consoleTimeoutMs)]);
    const { players } = await world.games.probe(target, ask());
    if (players === 0) return {};
    await world.games.console(target, command.replaceAll('{message}', message), ask());
    await world.sleep(world.settings.announceMs, signal);
    return {};
  };

/** Has the game write its world, and waits for its answer. */
export const save =
  (world: ServerWorld): Run<'save'> =>
  async ({ containerId, ...facts }, { signal }) => {
    const commands = templateOf(world, facts).stop.save;
    if (commands.length === 0) return {};
    const target = await gameTarget(world, facts, containerId, signal);
    for (const command of commands) await world.games.console(target, command, signal);
    return {};
  };

export const terminate =
  (world: ServerWorld): Run<'terminate'> =>
  async ({ nodeId, containerId, graceSeconds }, { signal }) => {
    const { engine } = world.node(nodeId);
    return exitOf(await engine.stopContainer(containerId, graceSeconds * 1000, signal));
  };

export const kill =
  (world: ServerWorld): Run<'kill'> =>
  async ({ nodeId, containerId }, { signal }) =>
    exitOf(await world.node(nodeId).engine.killContainer(containerId, signal));

/** What is there of the server right now. */
export const verify =
  (world: ServerWorld): Run<'verify'> =>
  (facts, { signal }) =>
    observe(
      world.games,
      world.node(facts.nodeId),
      { id: facts.serverId, template: facts.spec.template },
      () => false,
      signal,
    );

/** A container that is gone has ended too; nobody knows how. */
const exitOf = (container: ContainerInfo | null) => ({
  exitCode: container?.exitCode ?? null,
  oomKilled: container?.oomKilled ?? false,
});
