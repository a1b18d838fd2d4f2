/** Words that the statecharts of servers and nodes share. */
import type { Stamped } from '../../actors/verbs.ts';
import type { FenceProof } from './lease.ts';

/** One of Baton's containers, as its node shows it. */
export interface ShownContainer {
  readonly id: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly state: 'created' | 'running' | 'paused' | 'exited';
  readonly exitCode: number | null;
}

/** The directory of a server's world, as its node shows it; the epoch is its manifest's. */
export interface ShownWorld {
  readonly serverId: string;
  readonly epoch: number;
}

/** What is to be done with something that a node shows. `docs/reconciliation.md` has the table, `reconcile` the rule. */
export type Verdict =
  /** It is where it belongs: a container may run on under the present lease, or stays for its log. */
  | { readonly verdict: 'keep' }
  /** Should not be, on the right node: the container ends, its data stays. */
  | { readonly verdict: 'stop' }
  /** Lost its place: the container ends and the data is put aside. `newerEpoch` is above the one that is shown. */
  | { readonly verdict: 'quarantine'; readonly newerEpoch: number }
  /** Nobody can say: neither ended nor freed. What is frozen stays frozen, and no file is moved. */
  | { readonly verdict: 'hold' };

/**
 * What the node's `readInventory` asks the server's actor for each container and each world that the node shows; it replies a
 * {@link Verdict}. An actor that is not found or gone is one that `reconcile` calls null.
 */
export type NodeShows = Stamped & {
  readonly type: 'node.shows';
  readonly nodeId: string;
  /** Of the effect's input: what was asked under an older one is answered with `hold`. */
  readonly leaseEpoch: number;
  /** Whether the node has no lease now, and gets one once everything is settled; false for a `sync`. */
  readonly recovering: boolean;
} & ({ readonly container: ShownContainer } | { readonly world: ShownWorld });

/** Which placement of a server a message is about. A server that has been placed anew since takes no notice. */
interface OfPlacement {
  readonly nodeId: string;
  readonly epoch: number;
  /** The node's, when it said so: what a server has answered under an older one is void. */
  readonly leaseEpoch: number;
}

/** What a node tells each server that has a placement there, as durable messages. */
export type NodeNews =
  /** Three heartbeats missed, or lost again before it was connected: the container may run on for as long as its lease lasts. */
  | (Stamped & OfPlacement & { type: 'node.lost'; lastLeaseAt: number | null })
  /** From now on it is certain that it does not run there. */
  | (Stamped & OfPlacement & { type: 'node.fenced'; proof: FenceProof; provenAt: number })
  /**
   * It answers again, and may run what it is told to keep. `container` is the newest one of the server that is left there, null
   * when there is none; with `rebooted`, all that ran there has ended.
   */
  | (Stamped &
      OfPlacement & {
        type: 'node.returned';
        bootId: string | null;
        rebooted: boolean;
        container: ShownContainer | null;
      });
