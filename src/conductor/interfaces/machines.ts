/** The machines of the fleet, by node. Wired in the composition root, out of `nodes/`. */
import type { SshTarget } from '../../machines/node/types.ts';
import type { NodeHost } from './engine.ts';
import type { NodeLink } from './link.ts';

/** A machine that Baton works with: what runs on it, and what its helper is asked. */
export interface Machine {
  readonly host: NodeHost;
  readonly link: NodeLink;
}

export interface Machines {
  /** Throws `node_unknown`. */
  of(nodeId: string): Machine;
  all(): readonly Machine[];
  /** Makes a machine known that is reached over SSH; one that is known stays as it is. Nothing is connected yet. */
  add(node: { readonly id: string; readonly name: string; readonly ssh: SshTarget }): void;
  /** Closes the connection to a machine and forgets it. One that is not known is no error. */
  remove(nodeId: string): Promise<void>;
  /** Calls for each machine that there is, and for each that comes; the signal aborts when it goes. */
  onEach(listener: (machine: Machine, signal: AbortSignal) => void): void;
}
