import { effect } from '../../actors/effect.ts';
import type { ServerEffects } from './types.ts';

const stub = <E extends keyof ServerEffects>() => effect<ServerEffects[E]['input'], ServerEffects[E]['output']>();

/** The server's effects by name. What they take and give, and what they are for, stands in `types.ts`. */
export const serverEffects = {
  prepare: stub<'prepare'>(),
  place: stub<'place'>(),
  findWorld: stub<'findWorld'>(),
  fetch: stub<'fetch'>(),
  createContainer: stub<'createContainer'>(),
  boot: stub<'boot'>(),
  monitor: stub<'monitor'>(),
  announce: stub<'announce'>(),
  save: stub<'save'>(),
  terminate: stub<'terminate'>(),
  kill: stub<'kill'>(),
  verify: stub<'verify'>(),
  removeContainer: stub<'removeContainer'>(),
  revert: stub<'revert'>(),
  purge: stub<'purge'>(),
} satisfies { [E in keyof ServerEffects]: unknown };
