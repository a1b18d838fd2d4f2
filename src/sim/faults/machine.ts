/** What happens on a machine: to its engine, its disk, and to what runs there. */
import type { SimulatedControls } from '../../nodes/index.ts';
import type { Boot } from '../node/machine.ts';
import { AT_ONCE, type Fault, OVER } from './fault.ts';

const onEngine = (
  name: string,
  weight: number,
  lastsMs: Fault['lastsMs'],
  begin: (boot: Boot) => () => void,
): Fault => ({
  name,
  weight,
  lastsMs,
  begin({ place }) {
    const { boot } = place.machine;
    return boot === null ? null : begin(boot);
  },
});

const onContainer = (name: string, act: (controls: SimulatedControls, id: string) => void): Fault => ({
  name,
  weight: 1,
  lastsMs: AT_ONCE,
  begin({ place, random }) {
    const controls = place.machine.boot?.engine.controls;
    const running = controls?.running() ?? [];
    if (controls === undefined || running.length === 0) return null;
    act(controls, random.pick(running).id);
    return OVER;
  },
});

export const MACHINE_FAULTS: readonly Fault[] = [
  onEngine('engine slow', 2, [2_000, 40_000], ({ dockerd }) => dockerd.slow(8_000)),
  onEngine('engine hangs', 1, [2_000, 40_000], ({ dockerd }) => dockerd.hang()),
  onEngine('engine restarts', 1, [500, 8_000], ({ dockerd }) => dockerd.restart()),
  onEngine('disk slow', 2, [2_000, 40_000], ({ storage }) => storage.slow(8_000)),
  onEngine('disk hangs', 1, [2_000, 40_000], ({ storage }) => storage.hang()),
  {
    name: 'disk full',
    weight: 1,
    lastsMs: [5_000, 60_000],
    begin({ place }) {
      const { disk } = place.machine;
      disk.full = true;
      return () => {
        disk.full = false;
      };
    },
  },
  onContainer('game crashes', (controls, id) => controls.crash(id, 1)),
  onContainer('game out of memory', (controls, id) => controls.outOfMemory(id)),
  onContainer('container stopped outside', (controls, id) => controls.stopOutside(id)),
  onContainer('container removed outside', (controls, id) => controls.removeOutside(id)),
];
