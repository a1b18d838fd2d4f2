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

/** Which placement of a server a message is about. A server that has been placed anew since takes no notice. */
interface OfPlacement {
  readonly nodeId: string;
  readonly epoch: number;
}

/** What a node tells each server that has a placement there, as durable messages. */
export type NodeNews =
  /** Three heartbeats missed: the container may run on, for as long as its lease lasts. */
  | (Stamped & OfPlacement & { type: 'node.lost'; lastLeaseAt: number | null })
  /** From now on it is certain that it does not run there. */
  | (Stamped & OfPlacement & { type: 'node.fenced'; proof: FenceProof; provenAt: number })
  /**
   * It answers again, and may run what it is told to keep. `container` is the one of the placement's own epoch, null when
   * there is none; with `rebooted`, all that ran there has ended.
   */
  | (Stamped &
      OfPlacement & {
        type: 'node.returned';
        bootId: string | null;
        rebooted: boolean;
        container: ShownContainer | null;
      });
