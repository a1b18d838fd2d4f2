/** `npm run images`: builds the images that no registry has ahead of time, and says how large they are and how long it took. */
import { resolve } from 'node:path';
import { createDockerEngine } from '../nodes/index.ts';
import { ensureImage } from './images/build.ts';
import { imagesDir } from './images/recipes.ts';
import { createGames } from './index.ts';

const cacheDir = imagesDir(resolve(process.env.BATON_DATA_DIR ?? '.baton'));
const engine = createDockerEngine({ nodeId: 'images' });
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

try {
  const games = await createGames({ cacheDir });
  for (const { build, image: name, imageTag } of games.templates()) {
    if (!build) continue;
    const image = `${name}:${imageTag}`;
    const startedAt = performance.now();
    const bytes = await ensureImage({ recipe: build, image, cacheDir }, engine, report, stop.signal);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    if (bytes === null) report(`${image} is up to date`);
    else report(`${image}: ${Math.round(bytes / 1e6)} MB in ${seconds} s`);
  }
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}
