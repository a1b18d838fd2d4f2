import { BatonError } from '../../../errors.ts';
import { grantUntil } from '../../../machines/fleet/lease.ts';
import { isNews, knownAfter } from '../../../machines/node/index.ts';
import type { Grant, NodeReading } from '../../interfaces/link.ts';
import { createReader } from '../reading.ts';
import { type NodeWorld, targetOf } from '../world.ts';
import type { Run } from './run.ts';

/**
 * A round trip each `beatMs` for as long as the node is connected. The lease that a beat grants is anchored at the node's
 * own clock in the last answer that was *received* (docs/decisions/0007): an answer that comes too late counts as missed, and
 * nothing is ever granted on it. Of a machine that has booted meanwhile it only tells: what may run there is found out first.
 * One that answers and takes no lease is as good as away, since its servers freeze.
 */
export const heartbeat =
  (world: NodeWorld): Run<'heartbeat'> =>
  async (facts, { signal, send }) => {
    const { nodeId, kind, leaseEpoch } = facts;
    const { machines, limits, clock, leases } = world;
    const { link } = machines.of(nodeId);
    const target = targetOf(facts);
    const { beatMs } = limits.lease;
    const read = createReader(kind);
    let known = facts.known;
    let grant: Grant | null = null;
    let streak = 0;
    let lastLeaseAt: number | null = null;

    const miss = () => {
      streak += 1;
      known = { ...known, missed: streak };
      send({ type: 'beat.missed', streak, lastLeaseAt });
    };
    const answered = (answer: NodeReading) => {
      leases.heard(nodeId, clock.monotonic());
      const reading = read(answer, known);
      const hasRebooted = known.bootId !== null && known.bootId !== answer.bootId;
      grant = hasRebooted ? null : { untilMs: grantUntil(answer.clockMs, limits.lease), bootId: answer.bootId };
      if (answer.granted === false && reading.guarded) return miss();
      lastLeaseAt = clock.now();
      streak = 0;
      if (!isNews(known, reading, lastLeaseAt, limits)) return;
      send({ type: 'beat', reading, receivedAt: lastLeaseAt });
      if (!hasRebooted) known = knownAfter(known, reading, lastLeaseAt, limits);
    };
    const failed = (thrown: unknown) => {
      signal.throwIfAborted();
      if (thrown instanceof BatonError && thrown.retry === 'fenced') throw thrown;
      miss();
    };

    for (;;) {
      const beganMs = clock.monotonic();
      const isFirst = grant === null;
      const inTime = AbortSignal.any([signal, world.timeout(beatMs)]);
      const asked =
        grant === null
          ? link.connect(target, inTime)
          : link.heartbeat(leaseEpoch, world.mayGrant() ? grant : null, inTime);
      await asked.then(answered, failed);
      // The first answer granted nothing yet, and what is held there waits for a lease.
      const waitMs = isFirst && grant !== null ? 0 : beatMs - (clock.monotonic() - beganMs);
      await world.sleep(Math.max(0, waitMs), signal);
    }
  };
