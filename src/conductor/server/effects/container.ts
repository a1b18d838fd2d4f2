import type { EffectFunction } from '../../../actors/types.ts';
import { isUp } from '../../../machines/fleet/index.ts';
import { isWorld } from '../../../machines/server/index.ts';
import type { ServerEffects, ServerFacts } from '../../../machines/server/types.ts';
import { errors } from '../../errors.ts';
import type { ContainerInfo, NodeHost } from '../../interfaces/engine.ts';
import { containerSpec, containersOf, imageOf, nodeUnlessGivenUp, type ServerWorld, templateOf } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** The image is on the node: built by our own recipe, already there, or pulled. A rebuild pulls it in any case. */
export const fetch =
  (world: ServerWorld): Run<'fetch'> =>
  async (facts, { signal, progress }) => {
    const { engine } = world.node(facts.nodeId);
    const image = imageOf(facts);
    const template = templateOf(world, facts);
    const isOwn = image === `${template.image}:${template.imageTag}`;
    if (isOwn && (await world.games.buildImage(template, engine, (message) => progress(null, message), signal)))
      return {};
    if (!facts.refresh && (await engine.hasImage(image, signal))) return {};
    progress(0, `Pulling ${image}.`);
    await engine.pullImage(image, ({ fraction, message }) => progress(fraction, message), signal);
    return {};
  };

/** The container of this epoch. Those of older epochs go first: they hold the same ports. */
export const createContainer =
  (world: ServerWorld): Run<'createContainer'> =>
  async ({ keep, graceSeconds, expects, ...facts }, { signal }) => {
    const node = world.node(facts.nodeId);
    const { serverId, ownerId, epoch } = facts;
    const stays = (container: ContainerInfo) => container.id === keep || container.epoch >= epoch;
    if (expects !== null) await findExpected(world, facts, expects, signal);
    await removeAllBut(node, serverId, stays, graceSeconds, signal);
    await node.worlds.ensure({ serverId, ownerId, epoch, user: templateOf(world, facts).user });
    const { id } = await node.engine.createContainer(containerSpec(world, facts), signal);
    return { containerId: id };
  };

/** The last look may be a while ago, and a game that finds no world makes a new one without a word. */
async function findExpected(
  world: ServerWorld,
  facts: ServerFacts,
  expects: Parameters<typeof isWorld>[0],
  signal: AbortSignal,
): Promise<void> {
  const { worldMarks } = templateOf(world, facts);
  const { exists, marked } = await world.node(facts.nodeId).worlds.look(facts.serverId, worldMarks, signal);
  if (!isWorld(expects, { dataExists: exists, dataMarked: marked })) throw errors.no_data({ id: facts.serverId });
}

export const removeContainer =
  (world: ServerWorld): Run<'removeContainer'> =>
  async ({ keep, graceSeconds, serverId, nodeId }, { signal }) => {
    const node = nodeUnlessGivenUp(world, nodeId);
    if (node !== null) await removeAllBut(node, serverId, ({ id }) => id === keep, graceSeconds, signal);
    return {};
  };

/** Container, data and ports go, in this order: a port is free only when nothing can listen on it any more. */
export const purge =
  (world: ServerWorld): Run<'purge'> =>
  async ({ serverId, spec, nodeId, keepData }, { signal }) => {
    const node = nodeId === null ? null : nodeUnlessGivenUp(world, nodeId);
    if (node !== null) {
      await removeAllBut(node, serverId, () => false, spec.graceSeconds, signal);
      if (!keepData) await node.worlds.remove(serverId);
    }
    await world.ports.releasePorts(serverId);
    return {};
  };

/** Removing a container kills what runs in it, and with it what the game has not saved: so it is stopped before. */
async function removeAllBut(
  node: NodeHost,
  serverId: string,
  stays: (container: ContainerInfo) => boolean,
  graceSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  for (const container of await containersOf(node, serverId, signal)) {
    if (stays(container)) continue;
    if (isUp(container)) await node.engine.stopContainer(container.id, graceSeconds * 1000, signal);
    await node.engine.removeContainer(container.id, signal);
  }
}
