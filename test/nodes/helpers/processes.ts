/** The processes of this machine, read from `/proc`: `ps` costs more than what is looked for. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** The name of its program, as the kernel keeps it: 15 characters at most. */
  readonly name: string;
  readonly command: string;
}

/** Those that there are now; one that ends meanwhile is left out. */
export const processes = (): Process[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => read(Number(pid)) ?? []);

function read(pid: number): Process | null {
  try {
    const [, name = '', parent] = /\((.*)\) . (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), name, command };
  } catch {
    return null;
  }
}
