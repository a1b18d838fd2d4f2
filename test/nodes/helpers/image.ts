/** A small image without a registry: Node's own binary, the libraries that it is linked to, and the game of the tests. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Engine } from '../../../src/conductor/interfaces/engine.ts';

/** Loads the image through the engine under test, so that loading is part of what is tested. */
export async function loadGameImage(engine: Engine, image: string): Promise<void> {
  const config = {
    entrypoint: ['/node'],
    cmd: ['/game.mjs'],
    env: { QUOTED: 'a "b" $HOME \\ c' },
    user: '',
    exposedPorts: [{ protocol: 'tcp', container: 7000 }],
    labels: { 'baton.test': 'say "hi" for $5' },
  } as const;
  const rootfs = pack();
  const tar = new PassThrough();
  const packed = pipeline(rootfs, tar);
  for (const library of librariesOf(process.execPath)) {
    rootfs.entry({ name: library.slice(1), mode: 0o755 }, readFileSync(library));
  }
  rootfs.entry({ name: 'node', mode: 0o755 }, readFileSync(process.execPath));
  rootfs.entry({ name: 'game.mjs' }, readFileSync(new URL('./game.mjs', import.meta.url)));
  rootfs.finalize();
  await Promise.all([packed, engine.loadImage(image, tar, config, AbortSignal.timeout(60_000))]);
}

const librariesOf = (binary: string): string[] =>
  [...execFileSync('ldd', [binary], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].flatMap((match) => match[1] ?? []);
