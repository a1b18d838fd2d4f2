/** A machine comes to Baton, and leaves it. */
import { errors } from '../../errors.ts';
import { type NodeWorld, targetOf } from '../world.ts';
import type { Run } from './run.ts';

/** Pins its host key, installs what is missing, starts the watchdog. The machine of Baton itself needs none of that. */
export const bootstrap =
  (world: NodeWorld): Run<'bootstrap'> =>
  async (facts, { signal, progress }) => {
    const target = targetOf(facts);
    world.machines.add({ id: facts.nodeId, ...target });
    const { link } = world.machines.of(facts.nodeId);
    return link.bootstrap(target, (message) => progress(null, message), signal);
  };

/** Takes Baton off the machine, if nothing of Baton's runs there by its own account. */
export const decommission =
  (world: NodeWorld): Run<'decommission'> =>
  async ({ nodeId, name, leaseEpoch }, { signal }) => {
    const { link } = world.machines.of(nodeId);
    const { containers, worlds } = await link.observe(signal);
    const running = containers?.filter(({ state }) => state === 'running' || state === 'paused');
    if (running === undefined) throw errors.engine_silent({ name });
    if (running.length > 0) throw errors.node_not_empty({ name, count: running.length });
    const left = worlds.filter(({ hasData }) => hasData).map(({ serverId }) => serverId);
    if (left.length > 0) throw errors.node_has_worlds({ name, count: left.length, servers: left.join(', ') });
    await link.uninstall(leaseEpoch, signal);
    await forget(world, nodeId);
    return {};
  };

/**
 * Tries to reach a removed node; once it answers, nothing of it runs there any more. A machine that has become another node since
 * then keeps what that one has. One try.
 */
export const wipe =
  (world: NodeWorld): Run<'wipe'> =>
  async (facts, { signal }) => {
    const target = targetOf(facts);
    world.machines.add({ id: facts.nodeId, ...target });
    const { link } = world.machines.of(facts.nodeId);
    const { nodeId } = await link.connect(target, signal);
    if (nodeId === facts.nodeId) await link.uninstall(facts.leaseEpoch, signal);
    await forget(world, facts.nodeId);
    return {};
  };

/** Makes room on a disk that is about to be full. */
export const cleanDisk =
  (world: NodeWorld): Run<'cleanDisk'> =>
  ({ nodeId }, { signal }) =>
    world.machines.of(nodeId).link.cleanDisk(signal);

/** Its key is of no use any more. */
async function forget({ machines, keys }: NodeWorld, nodeId: string): Promise<void> {
  await machines.remove(nodeId);
  await keys.dropKey(nodeId);
}
