import type { ActorState } from '../../actors/inspection.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { ActorView, Address } from '../../actors/types.ts';
import { migrateNode, NODE_MACHINE_VERSION, type NodeContext, nodeStatus } from '../../machines/node/index.ts';
import type { Reads } from '../interfaces/reads.ts';
import type { FleetPicture, KnownNode } from './picture.ts';

/** Nodes that are read at once. */
const PAGE = 100;

/**
 * Keeps the picture up to date from committed turns, and reads first what was committed before. Turns that are committed while
 * it reads are newer, and stay. Returns how to stop.
 */
export async function followNodes(
  { actors, inspection }: Pick<Runtime, 'actors' | 'inspection'>,
  reads: Pick<Reads, 'actors'>,
  picture: FleetPicture,
): Promise<() => void> {
  const stop = inspection.onState((state) => note(picture, state));
  for (let cursor: string | undefined; ; ) {
    const page = await reads.actors({ kind: 'node' }, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    const views = await Promise.all(page.items.map(({ address }) => actors.view(address)));
    for (const view of views) picture.note(idOf(view.address), view.seq, storedNode(view));
    if (page.nextCursor === null) return stop;
    cursor = page.nextCursor;
  }
}

const KIND = 'node/';
const idOf = (address: Address): string => address.slice(KIND.length);

function note(picture: FleetPicture, { address, seq, snapshot }: ActorState): void {
  if (!address.startsWith(KIND)) return;
  const node = snapshot && { context: snapshot.context as NodeContext, status: nodeStatus(snapshot) };
  picture.note(idOf(address), seq, node);
}

/** What an older version of the machine stored is not brought up to date before its next turn. */
function storedNode({ machineVersion, state, context }: ActorView): KnownNode | null {
  if (typeof state === 'string') return null;
  const stored = { value: state, context };
  const known = machineVersion === NODE_MACHINE_VERSION ? stored : migrateNode(stored, machineVersion);
  const snapshot = known as {
    readonly value: Parameters<typeof nodeStatus>[0]['value'];
    readonly context: NodeContext;
  };
  return { context: snapshot.context, status: nodeStatus(snapshot) };
}
