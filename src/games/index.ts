/** The games: templates, readiness, consoles, and images that no registry has. */
import { join } from 'node:path';
import type { Games } from '../conductor/interfaces/games.ts';
import { runCommand } from './console/console.ts';
import { containerEnv, resolveEnv, secretNames } from './env.ts';
import { errors } from './errors.ts';
import { ensureImage } from './images/build.ts';
import { probe } from './probe/probe.ts';
import { loadTemplates } from './templates/load.ts';

export { errors } from './errors.ts';
export { imagesDir } from './images/recipes.ts';
export { type Visit, type Visited, visit } from './player.ts';

export interface GamesOptions {
  /** Where packages of images that Baton builds are kept, absolute; see {@link imagesDir}. Made when it is needed. */
  readonly cacheDir: string;
  /** Folder of the templates. Default: Baton's own. */
  readonly templatesDir?: string;
}

const TEMPLATES = join(import.meta.dirname, '../../config/templates');

/** Loads the templates. Throws `invalid_template` that names file, path and fault. */
export async function createGames({ cacheDir, templatesDir = TEMPLATES }: GamesOptions): Promise<Games> {
  const templates = await loadTemplates(templatesDir);
  return {
    templates: () => [...templates.values()],
    template(id) {
      const template = templates.get(id);
      if (template) return template;
      const known = [...templates.keys()].join(', ');
      const issues = [{ path: 'template', message: `is none of ${known}` }];
      throw errors.unknown_template({ template: id, known, issues });
    },
    resolveEnv,
    secretNames,
    containerEnv,
    async buildImage({ build, image, imageTag }, engine, onProgress, signal) {
      if (!build) return false;
      await ensureImage({ recipe: build, image: `${image}:${imageTag}`, cacheDir }, engine, onProgress, signal);
      return true;
    },
    probe,
    console: runCommand,
  };
}
