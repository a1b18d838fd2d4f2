/** Images without a registry: programs of this machine with the libraries that they are linked to, and some files. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Engine, ImageConfig } from '../../../src/conductor/interfaces/engine.ts';

export interface ScratchImage {
  /** A program here, and where it lies in the image. */
  readonly program: { readonly path: string; readonly as: string };
  /** In the image: path without the first slash → what it links to. */
  readonly links?: Readonly<Record<string, string>>;
  /** In the image: path without the first slash → text. */
  readonly files: Readonly<Record<string, string>>;
  readonly config: Partial<ImageConfig>;
}

const LOAD_MS = 60_000;

/** Loads the image through an engine, so that loading is part of what is tested. */
export async function loadScratchImage(engine: Engine, image: string, content: ScratchImage): Promise<void> {
  const { program, links = {}, files, config } = content;
  const rootfs = pack();
  const tar = new PassThrough();
  const packed = pipeline(rootfs, tar);
  const copy = (path: string, name: string) => rootfs.entry({ name, mode: 0o755 }, readFileSync(path));
  for (const library of librariesOf(program.path)) copy(library, library.slice(1));
  copy(program.path, program.as);
  for (const [name, linkname] of Object.entries(links)) rootfs.entry({ name, type: 'symlink', linkname });
  for (const [name, text] of Object.entries(files)) rootfs.entry({ name, mode: 0o755 }, text);
  rootfs.finalize();
  const whole = { entrypoint: [], cmd: [], env: {}, user: '', exposedPorts: [], labels: {}, ...config };
  await Promise.all([packed, engine.loadImage(image, tar, whole, AbortSignal.timeout(LOAD_MS))]);
}

const librariesOf = (binary: string): string[] =>
  [...execFileSync('ldd', [binary], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].flatMap((match) => match[1] ?? []);
