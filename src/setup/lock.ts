/**
 * The lock on a data directory: one Baton at a time.
 *
 * It is a file `lock-<n>` with pid and identity of its holder; the highest n counts. A lock whose holder has died is taken
 * over by making `lock-<n+1>`, which only one process can, and numbers never go back, so that a process which was slow to
 * look cannot take a lock that has changed hands meanwhile.
 */
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errors } from './errors.ts';
import { processIdentity } from './process-identity.ts';

const Holder = z.object({ pid: z.number().int(), identity: z.string().nullable() });
type Holder = z.infer<typeof Holder>;

export interface Lock {
  /** Lets the next one in. A process that dies without it is found out by its pid. */
  release(): Promise<void>;
}

const NOBODY: Holder = { pid: 0, identity: null };

/**
 * Locks a directory for this process.
 * @throws `data_dir_in_use` naming the process that has it
 */
export async function lockDirectory(directory: string): Promise<Lock> {
  const me: Holder = { pid: process.pid, identity: await processIdentity(process.pid) };
  for (;;) {
    const last = await highest(directory);
    if (last !== null) await refuseIfAlive(directory, last);
    const mine = (last ?? 0) + 1;
    if (!(await create(directory, mine, me))) continue;
    if ((await highest(directory)) !== mine) {
      await rm(lockPath(directory, mine), { force: true });
      continue;
    }
    await removeBelow(directory, mine);
    return { release: () => write(directory, mine, NOBODY) };
  }
}

async function refuseIfAlive(directory: string, number: number): Promise<void> {
  const { pid, identity } = await readHolder(directory, number);
  if (identity === null || (await processIdentity(pid)) !== identity) return;
  throw errors.data_dir_in_use({ pid, path: directory });
}

async function readHolder(directory: string, number: number): Promise<Holder> {
  const text = await readFile(lockPath(directory, number), 'utf8').catch(() => '');
  try {
    return Holder.parse(JSON.parse(text));
  } catch {
    // Files appear whole, so this is one that was removed since it was listed, or damaged: either way nobody's.
    return NOBODY;
  }
}

/** False when somebody else was first. The file appears with its content, because it is linked into place. */
async function create(directory: string, number: number, holder: Holder): Promise<boolean> {
  const draft = await writeDraft(directory, holder);
  try {
    await link(draft, lockPath(directory, number));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function write(directory: string, number: number, holder: Holder): Promise<void> {
  await rename(await writeDraft(directory, holder), lockPath(directory, number));
}

async function writeDraft(directory: string, holder: Holder): Promise<string> {
  const draft = join(directory, `.lock-draft-${process.pid}`);
  await writeFile(draft, JSON.stringify(holder), { mode: 0o644, flush: true });
  return draft;
}

async function numbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names.flatMap((name) => (/^lock-\d+$/.test(name) ? [Number(name.slice('lock-'.length))] : []));
}

async function highest(directory: string): Promise<number | null> {
  const found = await numbers(directory);
  return found.length === 0 ? null : Math.max(...found);
}

async function removeBelow(directory: string, number: number): Promise<void> {
  const older = (await numbers(directory)).filter((other) => other < number);
  await Promise.all(older.map((other) => rm(lockPath(directory, other), { force: true })));
}

const lockPath = (directory: string, number: number): string => join(directory, `lock-${number}`);
