/** What happens to Baton's own process and to its machine's clock. */
import { AT_ONCE, type Fault, OVER } from './fault.ts';
import { CUT } from './network.ts';

/** A process that was replaced wakes up, and lives on for so long unless it ends by itself. */
const SWITCHED_OFF_MS = 20_000;

/** Up to so many calls to the outside from now on. */
const PASSAGES = 200;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'baton killed',
    weight: 2,
    lastsMs: AT_ONCE,
    begin({ world: { host } }) {
      const process = host.processes().at(-1);
      if (process === undefined) return null;
      host.kill(process, 'killed');
      return OVER;
    },
  },
  {
    name: 'baton killed between two steps',
    weight: 6,
    lastsMs: AT_ONCE,
    begin({ world: { host }, random }) {
      host.arm(random.whole(1, PASSAGES));
      return OVER;
    },
  },
  {
    name: 'baton killed, and back without some ways',
    weight: 3,
    lastsMs: [5_000, 40_000],
    begin({ world: { host, places }, random }) {
      const process = host.processes().at(-1);
      if (process === undefined) return null;
      host.kill(process, 'killed, with its network');
      const ends = places.flatMap(({ remote, weather }) => (remote && random.chance(0.5) ? [weather.add(CUT)] : []));
      return () => {
        for (const end of ends) end();
      };
    },
  },
  {
    name: 'baton frozen',
    weight: 2,
    lastsMs: [500, 30_000],
    begin({ world: { host } }) {
      const life = host.processes().at(-1)?.life;
      if (life === undefined) return null;
      life.freeze();
      return () => life.thaw();
    },
  },
  {
    name: 'baton frozen and replaced',
    weight: 1,
    lastsMs: [5_000, 60_000],
    begin({ world: { host, time } }) {
      const [old, another] = host.processes();
      if (old === undefined || another !== undefined) return null;
      old.life.freeze();
      host.start(`baton-${time.events()}`);
      return () => {
        old.life.thaw();
        // Whoever replaced it comes to switch it off, but not at once.
        time.after(SWITCHED_OFF_MS, () => host.retire(old.owner));
      };
    },
  },
  {
    name: 'wall clock jumps',
    weight: 1,
    lastsMs: [5_000, 60_000],
    begin({ world: { clock }, random }) {
      const jump = random.between(-60_000, 60_000);
      clock.offsetMs += jump;
      return () => {
        clock.offsetMs -= jump;
      };
    },
  },
];
