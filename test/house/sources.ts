import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Path from the repository → text without comments, of all files that a pattern finds. */
export async function sources(pattern: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const path of glob(pattern, { cwd: repository })) {
    const text = await readFile(`${repository}${path}`, 'utf8');
    found.set(path, text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, ''));
  }
  return found;
}
