/**
 * Installs a recipe's packages with the machine's npm, apart from Baton's own, and keeps the pruned result in the cache.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../errors.ts';
import { withLock } from './lock.ts';
import { prune } from './prune.ts';
import { type Recipe, treeHash } from './recipes.ts';

/** What npm says when the registry cannot be reached. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED/;

/**
 * The folder that holds the recipe's pruned `node_modules`, installed first if it is not there. Only whole trees have this
 * name: installing happens in a folder beside it that is renamed at the end.
 *
 * @param cacheDir where trees are kept, absolute
 * @throws `image_build_failed` that says whether npm is missing, the registry out of reach, or what npm said
 */
export async function installedTree(
  recipe: Recipe,
  cacheDir: string,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const tree = join(cacheDir, `${recipe.name}-${await treeHash(recipe)}`);
  if (await exists(tree)) return tree;
  return withLock(cacheDir, `${recipe.name}-install`, signal, async () => {
    if (await exists(tree)) return tree;
    await removeLeftovers(recipe, cacheDir);
    await install(recipe, cacheDir, tree, onProgress, signal);
    return tree;
  });
}

async function install(
  recipe: Recipe,
  cacheDir: string,
  tree: string,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const staging = await mkdtemp(join(cacheDir, `${recipe.name}-installing-`));
  try {
    for (const file of ['package.json', 'package-lock.json']) await cp(join(recipe.folder, file), join(staging, file));
    onProgress(`installing ${recipe.name} with npm`);
    await npmCi(recipe, staging, signal);
    const nodeModules = join(staging, 'node_modules');
    const before = await megabytes(nodeModules);
    await prune(nodeModules, recipe.minecraftVersion);
    onProgress(`pruned ${before} MB to ${await megabytes(nodeModules)} MB`);
    signal.throwIfAborted();
    await rename(staging, tree);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Scripts of packages do not run: none of ours needs one, and they come from strangers. */
function npmCi(recipe: Recipe, folder: string, signal: AbortSignal): Promise<void> {
  const args = [
    'ci',
    '--prefix',
    folder,
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  return new Promise((resolve, reject) => {
    execFile('npm', args, { cwd: folder, signal, maxBuffer: 2 ** 24 }, (error, _stdout, stderr) => {
      if (!error) resolve();
      else if (signal.aborted) reject(signal.reason);
      else
        reject(errors.image_build_failed({ image: recipe.name, reason: npmReason(error, stderr) }, { cause: error }));
    });
  });
}

function npmReason(error: Error & { code?: unknown }, stderr: string): string {
  if (error.code === 'ENOENT') return 'npm was not found on the PATH; install it with Node.js';
  if (OFFLINE.test(stderr)) return 'npm could not reach its registry; check the network or npm config, then try again';
  return `npm ci failed: ${stderr.trim().split('\n').slice(-5).join(' ') || error.message}`;
}

/** Half-installed trees of processes that died, and trees of older recipes. The lock must be held. */
async function removeLeftovers(recipe: Recipe, cacheDir: string): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  for (const name of await readdir(cacheDir)) {
    const ours = name.startsWith(`${recipe.name}-`) && !name.endsWith('.lock');
    if (ours) await rm(join(cacheDir, name), { recursive: true, force: true });
  }
}

async function megabytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return Math.round(bytes / 1e6);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
