/**
 * What becomes of a container, or of a world, that a node shows: the rule for every pair of what the server says and what is
 * there. `docs/reconciliation.md` is the same as a table with reasons; a test holds the two together. Nothing is ever deleted.
 */
import type { ServerStatus } from '../server/types.ts';
import type { ShownContainer, ShownWorld, Verdict } from './types.ts';

/** What a server says of itself. */
export interface Claim {
  readonly status: ServerStatus;
  /** Its home; null while it has none. */
  readonly nodeId: string | null;
  /** The newest that it has borne. */
  readonly epoch: number;
  /** Containers that it calls its own by their id, such as the one that a rebuild goes back to; they count as of its epoch. */
  readonly containerIds: readonly string[];
  /** It is `lost`, and shall be off when its node comes back. */
  readonly off: boolean;
}

const KEEP: Verdict = { verdict: 'keep' };
const STOP: Verdict = { verdict: 'stop' };
const HOLD: Verdict = { verdict: 'hold' };

/** A container of theirs may run. Operations in flight among them end it themselves when it is time. */
const MAY_RUN: ReadonlySet<ServerStatus> = new Set([
  'starting',
  'running',
  'stopping',
  'rebuilding',
  'migrating',
  'lost',
]);

/** Nothing of theirs shall be there but data. */
const HAS_NO_CONTAINER: ReadonlySet<ServerStatus> = new Set(['deleted', 'purging']);

/** Their data may be on its way to a node that is not their home, or not yet. */
const MAY_HAVE_DATA_ELSEWHERE: ReadonlySet<ServerStatus> = new Set(['creating', 'lost', 'migrating', 'unarchiving']);

/**
 * What is to be done with what the node shows.
 * @param claim null for a server that there is not, or not any more
 * @param nodeId the node that shows it
 */
export function reconcile(claim: Claim | null, nodeId: string, shown: ShownContainer | ShownWorld): Verdict {
  if (claim === null || claim.status === 'purged') return putAside(shown.epoch);
  return 'state' in shown ? ofContainer(claim, nodeId, shown) : ofWorld(claim, nodeId, shown);
}

function ofContainer(claim: Claim, nodeId: string, shown: ShownContainer): Verdict {
  const isOwn = claim.containerIds.includes(shown.id);
  // The row is older than what is there, as after a restored backup of the database: it cannot know who else runs.
  if (shown.epoch > claim.epoch && !isOwn) return HOLD;
  if (claim.nodeId !== nodeId) return putAside(shown.epoch, claim.epoch);
  if (HAS_NO_CONTAINER.has(claim.status)) return STOP;
  if (shown.epoch < claim.epoch && !isOwn) return STOP;
  const mayRun = MAY_RUN.has(claim.status) && !claim.off;
  return isUp(shown) && !mayRun ? STOP : KEEP;
}

function ofWorld(claim: Claim, nodeId: string, shown: ShownWorld): Verdict {
  if (claim.nodeId === nodeId) return KEEP;
  if (shown.epoch > claim.epoch || MAY_HAVE_DATA_ELSEWHERE.has(claim.status)) return HOLD;
  return putAside(shown.epoch, claim.epoch);
}

const putAside = (shownEpoch: number, epoch = 0): Verdict => ({
  verdict: 'quarantine',
  newerEpoch: Math.max(epoch, shownEpoch + 1),
});

/** Whether it runs, or would when it is thawed. */
export const isUp = ({ state }: Pick<ShownContainer, 'state'>): boolean => state === 'running' || state === 'paused';
