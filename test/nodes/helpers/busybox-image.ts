/** A very small image without a registry: busybox, its libraries, and a world that counts ten times a second. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import type { Engine } from '../../../src/conductor/interfaces/engine.ts';

/** Writes the next number to `/data/counter` ten times a second; ends at once when it is asked to. */
const PROBE = `trap 'exit 0' TERM
n=0; read -r n 2>/dev/null </data/counter
while :; do n=$((n + 1)); echo $n >/data/counter; usleep 100000; done
`;

export async function loadProbeImage(engine: Engine, image: string): Promise<void> {
  const rootfs = pack();
  const tar = new PassThrough();
  const packed = pipeline(rootfs, tar);
  const busybox = '/bin/busybox';
  for (const file of [busybox, ...librariesOf(busybox)]) {
    rootfs.entry({ name: file.slice(1), mode: 0o755 }, readFileSync(file));
  }
  for (const applet of ['sh', 'usleep']) {
    rootfs.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  }
  rootfs.entry({ name: 'probe', mode: 0o755 }, PROBE);
  rootfs.finalize();
  const config = { entrypoint: ['/bin/sh', '/probe'], cmd: [], env: {}, user: '', exposedPorts: [], labels: {} };
  await Promise.all([packed, engine.loadImage(image, tar, config, AbortSignal.timeout(60_000))]);
}

const librariesOf = (binary: string): string[] =>
  [...execFileSync('ldd', [binary], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].flatMap((match) => match[1] ?? []);
