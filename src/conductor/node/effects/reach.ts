/** Reaching a node that does not answer, and proving that nothing runs there: two things that never wait for each other. */
import { BatonError } from '../../../errors.ts';
import { errors } from '../../errors.ts';
import { type NodeWorld, targetOf } from '../world.ts';
import type { Run } from './run.ts';

/** Pauses between attempts to reach a node, ms; the last one goes on. Short: its players wait for it. */
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

/** After which one attempt has failed. */
const ATTEMPT_MS = 8_000;

/** Tries until the node answers. What cannot pass by itself, such as another host key, is said at once. */
export const connect =
  (world: NodeWorld): Run<'connect'> =>
  async (facts, { signal, progress }) => {
    const { link } = world.machines.of(facts.nodeId);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const inTime = AbortSignal.any([signal, world.timeout(ATTEMPT_MS)]);
        const { bootId } = await link.connect(targetOf(facts), inTime);
        return { bootId };
      } catch (thrown) {
        signal.throwIfAborted();
        if (thrown instanceof BatonError && thrown.retry !== 'transient') throw thrown;
        progress(null, thrown instanceof BatonError ? thrown.message : `${facts.name} does not answer.`);
      }
      await world.sleep(BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 0, signal);
    }
  };

/**
 * Waits until the node's lease has certainly ended: `waitMs` after the last answer that this process received, or, if it has
 * received none, after it began to wait. Where nobody would freeze anything, waiting proves nothing.
 */
export const fence =
  (world: NodeWorld): Run<'fence'> =>
  async ({ nodeId, name, waitMs }, { signal }) => {
    const { clock, leases } = world;
    if (waitMs === null) throw errors.fence_without_proof({ name });
    const sinceMs = leases.lastHeardMs(nodeId) ?? clock.monotonic();
    for (;;) {
      const waitedMs = clock.monotonic() - sinceMs;
      if (waitedMs >= waitMs) return { proof: 'lease_expired', waitedMs };
      await world.sleep(waitMs - waitedMs, signal);
    }
  };
