/** The real templates and the real probes, which ask a simulated engine directly; images come from its registry. */
import { tmpdir } from 'node:os';
import type { Games } from '../conductor/interfaces/games.ts';
import { createGames } from '../games/index.ts';

/** Of a template without a console password, which would be drawn from true chance. */
export const TEMPLATE = 'flying-squid';

export async function simulatedGames(): Promise<Games> {
  const games = await createGames({ cacheDir: tmpdir() });
  return { ...games, buildImage: async () => false };
}
