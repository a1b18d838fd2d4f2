import { NEVER_CONNECTED } from './context.ts';
import type { NodeContext } from './types.ts';

type Stored = { readonly context: NodeContext; readonly [key: string]: unknown };

/**
 * A stored snapshot of an older machine as the present one would have stored it. Version 1 knew only the local machine, in
 * its one state `ready`; the first event connects it.
 * @throws TypeError for a version that there never was
 */
export function migrateNode(snapshot: unknown, fromVersion: string): unknown {
  if (fromVersion !== '1') throw new TypeError(`No node was ever stored by version ${fromVersion}.`);
  const stored = snapshot as Stored;
  const context = {
    ...stored.context,
    ...NEVER_CONNECTED,
    kind: 'local',
    system: false,
    labels: {},
    ssh: null,
    hostKey: null,
    operation: null,
    createdAt: 0,
    readyAt: 0,
  } satisfies NodeContext;
  return { ...stored, value: { life: 'ready', connection: 'unconnected', pressure: 'calm' }, context };
}
