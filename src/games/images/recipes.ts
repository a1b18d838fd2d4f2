/**
 * Recipes of images that no registry has. A recipe is a folder in `config/images` with exact packages (`package.json` and
 * its lockfile) and the script that the image runs.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageConfig } from '../../conductor/interfaces/engine.ts';

export interface Recipe {
  /** What a template's `build` says. */
  readonly name: string;
  /** The recipe's folder, absolute. */
  readonly folder: string;
  /** The only Minecraft version whose data is kept. */
  readonly minecraftVersion: string;
  readonly config: Omit<ImageConfig, 'labels'>;
}

const IMAGES = join(import.meta.dirname, '../../../config/images');

const RECIPES: readonly Recipe[] = [
  {
    name: 'flying-squid',
    folder: join(IMAGES, 'flying-squid'),
    minecraftVersion: '1.16.5',
    config: {
      entrypoint: ['/usr/local/bin/node', '/app/server.mjs'],
      cmd: [],
      // Its log is read by machines: no colours, no warnings about its dependencies.
      env: { HOME: '/tmp', NODE_ENV: 'production', NODE_NO_WARNINGS: '1', FORCE_COLOR: '0' },
      user: '1000:1000',
      exposedPorts: [{ protocol: 'tcp', container: 25565 }],
    },
  },
];

/** Where packages of images are kept below Baton's data directory. */
export const imagesDir = (dataDir: string): string => join(dataDir, 'cache', 'images');

/** Names that a template's `build` may have. */
export const recipeNames: readonly string[] = RECIPES.map(({ name }) => name);

/** The recipe of that name. A template that names another one has not passed validation; that is a defect. */
export function recipe(name: string): Recipe {
  const found = RECIPES.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`there is no recipe '${name}'`);
  return found;
}

/** What the installed packages depend on: the exact packages and how they are pruned. */
export function treeHash({ folder, minecraftVersion }: Recipe): Promise<string> {
  return hashOf(
    [join(folder, 'package.json'), join(folder, 'package-lock.json'), join(import.meta.dirname, 'prune.ts')],
    [minecraftVersion],
  );
}

/** What the image depends on: the packages, the script, how the files are laid out, and the Node that runs it all. */
export function imageHash(recipe: Recipe): Promise<string> {
  const known = imageHashes.get(recipe) ?? readImageHash(recipe);
  imageHashes.set(recipe, known);
  known.catch(() => imageHashes.delete(recipe));
  return known;
}

/** Each start of a server asks, and the files are a program's own: they stay as they are while it runs. */
const imageHashes = new Map<Recipe, Promise<string>>();

async function readImageHash(recipe: Recipe): Promise<string> {
  return hashOf(
    [join(recipe.folder, 'server.mjs'), join(import.meta.dirname, 'rootfs.ts')],
    [await treeHash(recipe), JSON.stringify(recipe.config), process.version, process.arch],
  );
}

async function hashOf(files: readonly string[], facts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file)).update('\0');
  for (const fact of facts) hash.update(fact).update('\0');
  return hash.digest('hex').slice(0, 16);
}
