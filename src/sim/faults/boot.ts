/** What happens to whole machines of the fleet, and to the watchdog on them. */
import { AT_ONCE, type Fault, OVER } from './fault.ts';

const down = (name: string, weight: number, lastsMs: Fault['lastsMs'], abruptly: boolean): Fault => ({
  name,
  weight,
  lastsMs,
  begin({ remote: { machine } }) {
    if (machine.boot === null) return null;
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
    begin({ remote: { machine } }) {
      if (machine.boot === null) return null;
      machine.boot.watchdog.stall();
      return OVER;
    },
  },
];
