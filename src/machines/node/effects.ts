import { effect } from '../../actors/effect.ts';
import type { NodeEffects } from './types.ts';

const stub = <E extends keyof NodeEffects>() => effect<NodeEffects[E]['input'], NodeEffects[E]['output']>();

/** The node's effects by name. What they take and give, and what they are for, stands in `types.ts`. */
export const nodeEffects = {
  bootstrap: stub<'bootstrap'>(),
  heartbeat: stub<'heartbeat'>(),
  connect: stub<'connect'>(),
  fence: stub<'fence'>(),
  readInventory: stub<'readInventory'>(),
  quarantineStrays: stub<'quarantineStrays'>(),
  cleanDisk: stub<'cleanDisk'>(),
  decommission: stub<'decommission'>(),
  wipe: stub<'wipe'>(),
} satisfies { [E in keyof NodeEffects]: unknown };
