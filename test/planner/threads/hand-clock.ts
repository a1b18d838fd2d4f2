/** A clock whose alarms go off by hand, so that a busy machine's slow thread is never taken for one that hangs. */
import type { Alarm } from '../../../src/planner/threads/supervised.ts';

export interface HandClock extends Alarm {
  /** The oldest alarm that was not cancelled goes off. */
  ring(): void;
}

export function handClock(): HandClock {
  const alarms = new Set<() => void>();
  return {
    schedule(_, run) {
      const alarm = (): void => run();
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    ring() {
      for (const alarm of alarms) {
        alarms.delete(alarm);
        alarm();
        return;
      }
    },
  };
}
