/** What can go wrong, and how often compared with the others. */
import type { Random } from '../random.ts';
import type { World } from '../world.ts';

export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** How long it lasts, ms: at least, at most. */
  readonly lastsMs: readonly [number, number];
  /** Begins it and returns how it is healed; null when it cannot happen now. */
  begin(world: World, random: Random): (() => void) | null;
}

/** Of what is over as soon as it has happened. */
export const AT_ONCE = [0, 0] as const;
export const OVER = (): void => {};
