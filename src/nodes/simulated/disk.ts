/**
 * What a simulated machine keeps over our restarts: its images and containers. A container that ran goes on running, so that
 * servers on the simulated node live through a restart of Baton as they do on a real one.
 */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { StoredContainer } from './container.ts';

export interface StoredMachine {
  /** How many containers were ever made; the next one's name goes on from there. */
  readonly made: number;
  /** Reference and labels. */
  readonly images: readonly (readonly [string, Readonly<Record<string, string>>])[];
  readonly containers: readonly StoredContainer[];
}

export interface SimulatedDisk {
  /** Null at the first start. */
  read(): StoredMachine | null;
  /** One after the other. */
  write(machine: StoredMachine): Promise<void>;
}

const Machine: z.ZodType<StoredMachine> = z.object({
  made: z.int(),
  images: z.array(z.tuple([z.string(), z.record(z.string(), z.string())])),
  containers: z.array(
    z.object({
      id: z.string(),
      spec: z.custom<StoredContainer['spec']>((spec) => z.object({ serverId: z.string() }).safeParse(spec).success),
      running: z.boolean(),
      startedAt: z.number().nullable(),
      exit: z
        .object({ exitCode: z.number(), oomKilled: z.boolean(), requested: z.boolean(), at: z.number() })
        .nullable(),
    }),
  ),
});

/** A disk that is one JSON file. Throws what the file system throws, and what Zod throws of a file that is not its own. */
export function simulatedDisk(path: string): SimulatedDisk {
  return {
    read() {
      const text = textOf(path);
      return text === null ? null : Machine.parse(JSON.parse(text));
    },
    async write(machine) {
      await mkdir(dirname(path), { recursive: true });
      // Half a file would be a machine that cannot be read.
      await writeFile(`${path}.new`, JSON.stringify(machine), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  }
}
