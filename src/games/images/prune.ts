/**
 * Makes the installed packages small: of 433 MB that minecraft-data brings for all versions of Minecraft, one version
 * needs 7.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Which folder of minecraft-data holds what of a version: `{ pc: { '1.16.5': { blocks: 'pc/1.16.2', … } } }`. */
const dataPathsSchema = z.object({ pc: z.record(z.string(), z.record(z.string(), z.string())) });

/** Folders of packages that only their developers need. */
const DEVELOPER_FOLDERS = new Set(['test', 'tests', 'doc', 'docs', 'example', 'examples', '.github', '@types']);
const DEVELOPER_FILES = /\.(md|map|ts|mts|cts|markdown|flow)$/i;
/** Loaded by name at run time, though they look like documentation or belong to no version. */
const SHARED_DATA = ['pc/common', 'bedrock/common'];

/**
 * Removes from a `node_modules` folder what a server of one Minecraft version does not need. Doing it twice is the same
 * as doing it once. Throws when minecraft-data does not know the version.
 */
export async function prune(nodeModules: string, minecraftVersion: string): Promise<void> {
  await pruneMinecraftData(join(nodeModules, 'minecraft-data/minecraft-data/data'), minecraftVersion);
  await pruneDeveloperFiles(nodeModules);
}

async function pruneMinecraftData(data: string, minecraftVersion: string): Promise<void> {
  const paths = dataPathsSchema.parse(JSON.parse(await readFile(join(data, 'dataPaths.json'), 'utf8')));
  const own = paths.pc[minecraftVersion];
  if (!own) throw new Error(`minecraft-data has nothing for Minecraft ${minecraftVersion}`);
  // The region files' format is looked up by the major version, which has data of its own.
  const major = paths.pc[minecraftVersion.split('.', 2).join('.')] ?? {};
  const wanted = new Set([...SHARED_DATA, ...Object.values(own), ...Object.values(major)]);
  for (const edition of ['pc', 'bedrock']) {
    for (const folder of await readdir(join(data, edition))) {
      if (!wanted.has(`${edition}/${folder}`)) await rm(join(data, edition, folder), { recursive: true });
    }
  }
}

async function pruneDeveloperFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && DEVELOPER_FOLDERS.has(entry.name)) await rm(path, { recursive: true });
    else if (entry.isDirectory()) await pruneDeveloperFiles(path);
    else if (DEVELOPER_FILES.test(entry.name)) await rm(path);
  }
}
