/** What happens to whole machines of the fleet, and to the watchdog on them. */
import type { Machine } from '../node/machine.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import { AT_ONCE, type Fault, OVER } from './fault.ts';

function remoteMachine({ places }: World, random: Random): Machine | null {
  const on = places.filter(({ remote, machine }) => remote && machine.boot !== null);
  return on.length === 0 ? null : random.pick(on).machine;
}

const down = (name: string, weight: number, lastsMs: Fault['lastsMs'], abruptly: boolean): Fault => ({
  name,
  weight,
  lastsMs,
  begin(world, random) {
    const machine = remoteMachine(world, random);
    if (machine === null) return null;
    machine.powerOff(abruptly);
    return machine.powerOn;
  },
});

export const BOOT_FAULTS: readonly Fault[] = [
  down('machine restarts', 2, [2_000, 10_000], false),
  down('machine loses power', 2, [2_000, 60_000], true),
  {
    name: 'watchdog stands still',
    weight: 2,
    lastsMs: AT_ONCE,
    begin(world, random) {
      const machine = remoteMachine(world, random);
      if (machine === null) return null;
      machine.boot?.watchdog.stall();
      return OVER;
    },
  },
];
