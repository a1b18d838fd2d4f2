/**
 * Worlds on a directory of this machine: `<root>/servers/<server id>/data`, with `manifest.json` beside it that says whose
 * the data is, so that a directory found on a returning node or a disk taken out of one can be told from any other.
 */
import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Worlds } from '../conductor/interfaces/engine.ts';
import { errors } from './errors.ts';
import { manifestText } from './manifest.ts';

/**
 * @param root the data root; need not exist yet. Made absolute, because a container's mount has to be.
 * @param nodeId the node that the worlds lie on
 */
export function createWorlds(root: string, nodeId: string): Worlds {
  const serverDir = (serverId: string) => join(resolve(root), 'servers', serverId);
  const dataDir = (serverId: string) => join(serverDir(serverId), 'data');
  return {
    dataDir,
    ensure: (manifest) =>
      explained(serverDir(manifest.serverId), async () => {
        const data = dataDir(manifest.serverId);
        const existed = await hasEntries(data);
        await mkdir(data, { recursive: true });
        if (!existed) await giveTo(manifest.user, data);
        await writeDurably(join(serverDir(manifest.serverId), 'manifest.json'), manifestText(nodeId, manifest));
        return { existed };
      }),
    look: (serverId, marks, signal) =>
      explained(dataDir(serverId), async () => {
        signal?.throwIfAborted();
        const data = dataDir(serverId);
        const found = Promise.all(marks.map((mark) => isThere(join(data, mark))));
        return { exists: await hasEntries(data), marked: marks.length === 0 ? null : (await found).includes(true) };
      }),
    measure: (serverId, signal) =>
      explained(dataDir(serverId), () => sizeOf(dataDir(serverId), signal).catch(nullIfForbidden)),
    remove: (serverId) =>
      explained(serverDir(serverId), () => rm(serverDir(serverId), { recursive: true, force: true, maxRetries: 3 })),
  };
}

/** An empty directory is no world: starting on it would make a new one without a word. */
async function hasEntries(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length > 0;
  } catch (thrown) {
    return mayBeThere(thrown);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    return mayBeThere(thrown);
  }
}

/** What we may not look at may be there: nobody shall take a world for lost because of it. */
function mayBeThere(thrown: unknown): boolean {
  const code = codeOf(thrown);
  if (code === 'ENOENT' || code === 'ENOTDIR') return false;
  if (isForbidden(thrown)) return true;
  throw thrown;
}

/** Files belong to whom the game runs as, and Baton need not be root. */
const isForbidden = (thrown: unknown): boolean => ['EACCES', 'EPERM'].includes(codeOf(thrown) ?? '');

function nullIfForbidden(thrown: unknown): null {
  if (isForbidden(thrown)) return null;
  throw thrown;
}

/** Sum of file sizes. Links count as nothing, since what they point to is not ours; files that vanish do too. */
async function sizeOf(path: string, signal?: AbortSignal): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(path)) {
      signal?.throwIfAborted();
      const inner = join(path, entry.name);
      if (entry.isDirectory()) bytes += await sizeOf(inner, signal);
      else if (entry.isFile()) bytes += await fileSize(inner);
    }
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
  return bytes;
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return 0;
    throw thrown;
  }
}

/** Only root can give files away, and only numbers mean the same inside and outside of a container. */
async function giveTo(user: string, path: string): Promise<void> {
  const match = /^(\d+)(?::(\d+))?$/.exec(user);
  if (match === null || process.getuid?.() !== 0) return;
  await chown(path, Number(match[1]), Number(match[2] ?? match[1]));
}

/** After a power cut there is the old file or the new one, whole. */
async function writeDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'w', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (thrown) {
    await rm(draft, { force: true });
    throw thrown;
  }
  // The new name itself is only safe once its directory is.
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}

async function explained<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === null) throw thrown;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw errors.disk_full({ path }, { cause: thrown });
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw errors.data_dir_unusable({ path, reason }, { cause: thrown });
  }
}

/** The system's code, such as `ENOENT`; null when it is no error of the system. */
function codeOf(thrown: unknown): string | null {
  const { code, syscall } = (thrown ?? {}) as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && typeof syscall === 'string' ? code : null;
}
