/**
 * The game in a simulated container: as the engine's own (`nodes/simulated/program.ts`), and it counts in its world as long
 * as it runs. A write is known by the container's epoch, so that one from a copy that has lost its place is seen.
 */
import type { ContainerSpec } from '../../conductor/interfaces/engine.ts';
import { gameProgram, type StartProgram } from '../../nodes/index.ts';
import type { Random } from '../random.ts';

/** Between two writes of a game that runs, on average, ms. */
const WRITE_MS = 1_000;

const BOOT_MS = 2_000;
const STOP_MS = 500;

/** @param write whether it was accepted: a full disk refuses */
export function countingGame(random: Random, write: (spec: ContainerSpec) => boolean): StartProgram {
  const start = gameProgram({ bootMs: BOOT_MS, stopMs: STOP_MS }, () => random.next());
  return (process) => {
    const program = start({ ...process, saveWorld: () => void write(process.spec) });
    const count = (): void => {
      write(process.spec);
      process.after(random.between(WRITE_MS / 2, WRITE_MS * 1.5), count);
    };
    process.after(random.between(0, WRITE_MS), count);
    return program;
  };
}
