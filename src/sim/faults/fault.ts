/** What can go wrong, and how often compared with the others. */
import type { Random } from '../random.ts';
import type { Place, World } from '../world.ts';

/** Where a fault may happen. What it is about is chosen before, so that troubles that come together come to one place. */
export interface Scene {
  readonly world: World;
  readonly random: Random;
  /** One of all machines. */
  readonly place: Place;
  /** One of those that Baton reaches over a network. */
  readonly remote: Place;
}

export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** How long it lasts, ms: at least, at most. */
  readonly lastsMs: readonly [number, number];
  /** Begins it and returns how it is healed; null when it cannot happen now. */
  begin(scene: Scene): (() => void) | null;
}

/** Of what is over as soon as it has happened. */
export const AT_ONCE = [0, 0] as const;
export const OVER = (): void => {};
