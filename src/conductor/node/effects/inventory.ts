/** What a node shows is compared with what its servers say, and what should not be there is put out of the way. */
import { BatonError } from '../../../errors.ts';
import { isUp, reconcile, type ShownContainer, type ShownWorld, type Verdict } from '../../../machines/fleet/index.ts';
import type { NodeEffects, Settlement } from '../../../machines/node/index.ts';
import { errors } from '../../errors.ts';
import { type NodeWorld, targetOf } from '../world.ts';
import type { Run } from './run.ts';

/** How long a server's actor may take to say what it wants; it has its mailbox to do, and its commit. */
const CLAIM_MS = 10_000;

type Asked = NodeEffects['readInventory']['input'];

/**
 * Reads what is there and asks each server what becomes of it. Only its own actor knows whether it has moved: its answer and
 * its failover are turns of one actor, so one of them comes first.
 */
export const readInventory =
  (world: NodeWorld): Run<'readInventory'> =>
  async (facts, { signal }) => {
    const { link } = world.machines.of(facts.nodeId);
    const { bootId, containers, worlds } = await link.connect(targetOf(facts), signal);
    if (containers === null) throw errors.engine_silent({ name: facts.name });
    const [ofContainers, ofWorlds] = await Promise.all([
      Promise.all(containers.map(async (shown) => ({ shown, verdict: await ask(world, facts, shown) }))),
      Promise.all(worlds.map(async (shown) => ({ shown, verdict: await ask(world, facts, shown) }))),
    ]);
    return { bootId, containers, settlement: settlementOf(ofContainers, ofWorlds) };
  };

async function ask(world: NodeWorld, asked: Asked, shown: ShownContainer | ShownWorld): Promise<Verdict> {
  const { nodeId, leaseEpoch, recovering } = asked;
  const what = 'state' in shown ? { container: shown } : { world: shown };
  try {
    const event = { type: 'node.shows', nodeId, leaseEpoch, recovering, ...what };
    return (await world.ask(`server/${shown.serverId}`, event, { timeoutMs: CLAIM_MS })) as Verdict;
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown;
    return reconcile(null, nodeId, shown);
  }
}

/** There is no such server, or it was purged. */
const isGone = (thrown: unknown): boolean =>
  thrown instanceof BatonError && (thrown.code === 'not_found' || thrown.code === 'gone');

interface Answered<T> {
  readonly shown: T;
  readonly verdict: Verdict;
}

/** A world goes aside together with the containers of its server, so each is named once. */
function settlementOf(
  containers: readonly Answered<ShownContainer>[],
  worlds: readonly Answered<ShownWorld>[],
): Settlement {
  const by = (name: Verdict['verdict']) =>
    containers.filter(({ verdict }) => verdict.verdict === name).map(({ shown }) => shown);
  const aside = [
    ...containers.map(({ shown, verdict }) => ({ id: shown.id, serverId: shown.serverId, verdict })),
    ...worlds.map(({ shown, verdict }) => ({ id: null, serverId: shown.serverId, verdict })),
  ];
  return {
    // What has ended needs no leave to go on, and its epoch may be over on the node.
    keep: by('keep')
      .filter(isUp)
      .map(({ serverId, epoch }) => ({ serverId, epoch })),
    stop: by('stop'),
    quarantine: aside.flatMap(({ verdict, ...one }) =>
      verdict.verdict === 'quarantine' ? [{ ...one, newerEpoch: verdict.newerEpoch }] : [],
    ),
  };
}

/**
 * What should not run ends first, so that what may run on has its room. What the node refuses since it has seen a newer epoch
 * of that server, it ends by itself (docs/decisions/0007); one such container must not keep all others from coming back. If
 * it is the lease that is too old, the first heartbeat says so.
 */
export const quarantineStrays =
  (world: NodeWorld): Run<'quarantineStrays'> =>
  async ({ nodeId, leaseEpoch, keep, stop, quarantine }, { signal, progress }) => {
    const { link } = world.machines.of(nodeId);
    for (const { serverId, newerEpoch } of quarantine) {
      progress(null, `Putting aside what is left of server ${serverId}.`);
      await unlessOver(link.quarantine({ serverId, epoch: newerEpoch, leaseEpoch }, signal));
    }
    for (const { serverId, epoch } of stop) {
      progress(null, `Stopping what should not run of server ${serverId}.`);
      await unlessOver(link.stop({ serverId, epoch, leaseEpoch }, signal));
    }
    for (const { serverId, epoch } of keep) await unlessOver(link.keep({ serverId, epoch, leaseEpoch }, signal));
    return {};
  };

async function unlessOver(asked: Promise<void>): Promise<void> {
  try {
    await asked;
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || thrown.retry !== 'fenced') throw thrown;
  }
}
