/** What the node's effects work with: machines, the servers' actors and rows, a clock. */
import type { Clock } from '../../actors/ports.ts';
import type { Actors } from '../../actors/types.ts';
import type { NodeFacts, NodeLimits } from '../../machines/node/index.ts';
import { errors } from '../errors.ts';
import type { NodeTarget } from '../interfaces/link.ts';
import type { Machines } from '../interfaces/machines.ts';
import type { NodeStore } from '../interfaces/stores.ts';
import type { LeaseBook } from './lease-book.ts';

export interface NodeWorld {
  readonly machines: Machines;
  readonly limits: NodeLimits;
  readonly leases: LeaseBook;
  readonly clock: Clock;
  readonly keys: Pick<NodeStore, 'dropKey'>;
  readonly ask: Actors['ask'];
  /**
   * Whether nobody else can own our actors now. Where that is not certain nothing is granted: whoever has taken them over
   * reckons with the leases that he gave himself.
   */
  readonly mayGrant: () => boolean;
  /** Resolves after the time, or throws the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborts after the time. */
  timeout(ms: number): AbortSignal;
}

/** How the machine is reached. Throws `node_without_address` when nobody has said. */
export function targetOf({ nodeId, name, ssh, hostKey, kind }: NodeFacts): NodeTarget {
  if (kind === 'local') return { nodeId, name, ssh: HERE, hostKey };
  if (ssh === null) throw errors.node_without_address({ name });
  return { nodeId, name, ssh, hostKey };
}

/** The machine that Baton runs on is reached without a way. */
const HERE = { hostname: 'localhost', user: '', port: 0, dockerHost: null, root: null };
