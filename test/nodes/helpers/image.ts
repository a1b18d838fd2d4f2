/** A small image without a registry: Node's own binary, the libraries that it is linked to, and the game of the tests. */
import { readFileSync } from 'node:fs';
import type { Engine } from '../../../src/conductor/interfaces/engine.ts';
import { loadScratchImage } from './scratch-image.ts';

export const loadGameImage = (engine: Engine, image: string): Promise<void> =>
  loadScratchImage(engine, image, {
    program: { path: process.execPath, as: 'node' },
    files: { 'game.mjs': readFileSync(new URL('./game.mjs', import.meta.url), 'utf8') },
    config: {
      entrypoint: ['/node'],
      cmd: ['/game.mjs'],
      env: { QUOTED: 'a "b" $HOME \\ c' },
      exposedPorts: [{ protocol: 'tcp', container: 7000 }],
      labels: { 'baton.test': 'say "hi" for $5' },
    },
  });
