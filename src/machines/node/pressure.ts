/** What a node has too little of: machines.md, "Pressure". Each level is left at a lower share than it was entered at. */
import type { NodeLimits, Threshold } from './limits.ts';
import type { Pressure, Reading } from './types.ts';

export const NO_PRESSURE: Pressure = { disk: 'calm', memory: 'calm', cpu: 'calm', engine: 'calm' };

/** The pressure after a reading. Between its two thresholds, each resource stays as it was. */
export function pressureAfter(before: Pressure, reading: Reading, limits: NodeLimits): Pressure {
  const disk = levelAfter(before.disk !== 'calm', reading.disk, limits.disk);
  return {
    disk: disk === 'calm' || reading.disk <= criticalUntil(before, limits) ? disk : 'critical',
    memory: levelAfter(before.memory !== 'calm', reading.memory, limits.memory),
    cpu: levelAfter(before.cpu !== 'calm', reading.cpu, limits.cpu),
    engine: reading.engineSilent ? 'silent' : 'calm',
  };
}

/** What is critical stays so until it is no longer even high, since cleaning ends there. */
const criticalUntil = ({ disk }: Pressure, limits: NodeLimits): number =>
  disk === 'critical' ? limits.disk.high : limits.disk.critical;

const levelAfter = (isHigh: boolean, share: number, { high, calm }: Threshold) =>
  (isHigh ? share >= calm : share > high) ? 'high' : 'calm';

/** Whether no server should come here now. */
export const isPressed = ({ disk, memory, cpu, engine }: Pressure): boolean =>
  disk !== 'calm' || memory !== 'calm' || cpu !== 'calm' || engine !== 'calm';

export const isSamePressure = (a: Pressure, b: Pressure): boolean =>
  a.disk === b.disk && a.memory === b.memory && a.cpu === b.cpu && a.engine === b.engine;
