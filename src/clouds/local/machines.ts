/** Several local machines at once. */
import { join } from 'node:path';
import { createLocalMachine, type LocalMachine } from './machine.ts';

export interface LocalMachinesOptions {
  readonly count: number;
  /** Each gets a directory in it. */
  readonly directory: string;
  readonly diskMb: number;
}

/** Makes and boots machines `node-1`, `node-2` and so on. If one fails, none stays. */
export async function bootLocalMachines({ count, directory, diskMb }: LocalMachinesOptions): Promise<LocalMachine[]> {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  const made: LocalMachine[] = [];
  try {
    for (const name of names) made.push(await createLocalMachine({ name, directory: join(directory, name), diskMb }));
    await Promise.all(made.map((machine) => machine.boot()));
    return made;
  } catch (thrown) {
    await Promise.all(made.map((machine) => machine.remove()));
    throw thrown;
  }
}
