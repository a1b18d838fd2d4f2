/** What happens to the database and on the way to it. */
import type { Trouble } from '../weather.ts';
import type { Fault } from './fault.ts';

const trouble = (name: string, weight: number, lastsMs: Fault['lastsMs'], of: Trouble): Fault => ({
  name,
  weight,
  lastsMs,
  begin: ({ world }) => world.database.weather.add(of),
});

export const DATABASE_FAULTS: readonly Fault[] = [
  trouble('database refuses', 1, [200, 15_000], { lost: 1 }),
  trouble('database hangs', 1, [200, 25_000], { lost: 1, silent: true }),
  trouble('database does it and does not say so', 2, [50, 3_000], { unheard: 1 }),
  trouble('database breaks off now and then', 2, [1_000, 10_000], { unheard: 0.1, lost: 0.1 }),
  trouble('database slow', 2, [1_000, 15_000], { slowMs: 800 }),
  {
    name: 'database clock jumps',
    weight: 1,
    lastsMs: [5_000, 30_000],
    begin({ world, random }) {
      const { clock } = world.database;
      const jump = random.between(-5_000, 5_000);
      clock.offsetMs += jump;
      return () => {
        clock.offsetMs -= jump;
      };
    },
  },
];
