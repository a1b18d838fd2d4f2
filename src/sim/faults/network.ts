/** What happens on the way between Baton and the machines of the fleet. */
import type { Trouble } from '../weather.ts';
import type { Fault, Scene } from './fault.ts';

const onWay = (name: string, weight: number, lastsMs: Fault['lastsMs'], of: Trouble): Fault => ({
  name,
  weight,
  lastsMs,
  begin: ({ remote }) => remote.weather.add(of),
});

/** Between people and Baton. */
const onWire = (name: string, weight: number, lastsMs: Fault['lastsMs'], of: Trouble): Fault => ({
  name,
  weight,
  lastsMs,
  begin: ({ world }) => world.wire.add(of),
});

export const CUT: Trouble = { lost: 1, unheard: 1, silent: true };
const CLOG: Trouble = { held: true };
const CLOG_SPREAD_MS = 8_000;

/**
 * Swizzle-clogging, as FoundationDB's simulation does it: some ways are clogged one after the other, and let go in another
 * order, which finds more than any of them does alone.
 */
function swizzle({ world: { places, time }, random }: Scene): (() => void) | null {
  const some = places.filter(({ remote }) => remote && random.chance(0.7));
  if (some.length === 0) return null;
  const ends: (() => void)[] = [];
  let over = false;
  for (const { weather } of some) {
    time.after(random.between(0, CLOG_SPREAD_MS), () => {
      if (!over) ends.push(weather.add(CLOG));
    });
  }
  return () => {
    over = true;
    for (const end of ends) time.after(random.between(0, CLOG_SPREAD_MS), end);
  };
}

export const NETWORK_FAULTS: readonly Fault[] = [
  onWay('machine cut off', 8, [500, 90_000], CUT),
  onWay('machine does not hear', 2, [500, 60_000], { lost: 1, silent: true }),
  onWay('machine is not heard', 6, [500, 90_000], { unheard: 1, silent: true }),
  onWay('way clogged', 4, [2_000, 60_000], CLOG),
  onWay('way slow', 2, [1_000, 40_000], { slowMs: 3_000 }),
  onWay('way very slow', 1, [5_000, 60_000], { slowMs: 20_000 }),
  onWay('way loses', 2, [1_000, 40_000], { lost: 0.2, unheard: 0.2, silent: true }),
  onWay('way doubles', 2, [1_000, 40_000], { doubled: 0.5 }),
  onWire('people are not heard', 1, [1_000, 20_000], { lost: 0.5 }),
  onWire('people hear nothing', 2, [1_000, 20_000], { unheard: 0.7 }),
  onWire('people are heard twice', 1, [5_000, 40_000], { doubled: 0.5 }),
  { name: 'ways clogged and let go', weight: 2, lastsMs: [2_000, 40_000], begin: swizzle },
];
