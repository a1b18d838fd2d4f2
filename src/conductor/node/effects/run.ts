import type { EffectFunction } from '../../../actors/types.ts';
import type { NodeEffects } from '../../../machines/node/index.ts';

/** One of the node's effects, as the runtime runs it. */
export type Run<E extends keyof NodeEffects> = EffectFunction<NodeEffects[E]['input'], NodeEffects[E]['output']>;
