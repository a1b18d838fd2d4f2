/**
 * Builds an image from its recipe when the engine does not have it, or has one of an older recipe. The recipe's hash is
 * a label of the image, and the engine names an image only when it is whole: what is there is right or is built again.
 */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Engine } from '../../conductor/interfaces/engine.ts';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import { installedTree } from './install.ts';
import { withLock } from './lock.ts';
import { imageHash, recipe as recipeNamed } from './recipes.ts';
import { type Rootfs, rootfs } from './rootfs.ts';

/** The label that holds the recipe's hash. */
export const RECIPE_LABEL = 'baton.recipe';

/** All that building needs of an engine. */
export type ImageEngine = Pick<Engine, 'kind' | 'imageLabels' | 'loadImage'>;

export interface ImageBuild {
  /** Name of the recipe. */
  readonly recipe: string;
  /** Full reference with tag. */
  readonly image: string;
  /** Where installed packages are kept, absolute. */
  readonly cacheDir: string;
}

/**
 * Makes sure that the engine has the image. Concurrent calls, in this process and in others, build one after another and
 * find the work done.
 *
 * @returns bytes of the root filesystem, or null when nothing had to be built
 * @throws `image_build_failed`, or the signal's reason
 */
export async function ensureImage(
  { recipe: name, image, cacheDir }: ImageBuild,
  engine: ImageEngine,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): Promise<number | null> {
  const recipe = recipeNamed(name);
  const labels = { [RECIPE_LABEL]: await imageHash(recipe) };
  const present = async () => (await engine.imageLabels(image, signal))?.[RECIPE_LABEL] === labels[RECIPE_LABEL];
  const load = async (files: Rootfs): Promise<number> => {
    onProgress(`loading ${image} into the engine`);
    await whileSound(files.stream, signal, (both) =>
      engine.loadImage(image, files.stream, { ...recipe.config, labels }, both),
    );
    return files.bytes();
  };
  try {
    if (await present()) return null;
    // A simulated engine remembers the name and wants no files.
    if (engine.kind === 'simulated') return await load(noFiles());
    const tree = await installedTree(recipe, cacheDir, onProgress, signal);
    return await withLock(cacheDir, `${name}-image`, signal, async () => {
      if (await present()) return null;
      return load(rootfs(tree, join(recipe.folder, 'server.mjs'), signal));
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof BatonError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw errors.image_build_failed({ image, reason }, { cause: error });
  }
}

const noFiles = (): Rootfs => ({ stream: Readable.from([]), bytes: () => 0 });

/** Aborts the work when its input breaks; else the engine would wait for bytes that never come. */
async function whileSound(
  input: Readable,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const broken = new AbortController();
  input.once('error', (error) => broken.abort(error));
  await work(AbortSignal.any([signal, broken.signal]));
}
