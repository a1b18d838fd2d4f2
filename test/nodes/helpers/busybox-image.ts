/** A very small image without a registry: busybox, its libraries, and a world that counts ten times a second. */
import type { Engine } from '../../../src/conductor/interfaces/engine.ts';
import { loadScratchImage } from './scratch-image.ts';

/** Writes the next number to `/data/counter` ten times a second; ends at once when it is asked to. */
const PROBE = `trap 'exit 0' TERM
n=0; read -r n 2>/dev/null </data/counter
while :; do n=$((n + 1)); echo $n >/data/counter; usleep 100000; done
`;

export const loadProbeImage = (engine: Engine, image: string): Promise<void> =>
  loadScratchImage(engine, image, {
    program: { path: '/bin/busybox', as: 'bin/busybox' },
    links: { 'bin/sh': 'busybox', 'bin/usleep': 'busybox' },
    files: { probe: PROBE },
    config: { entrypoint: ['/bin/sh', '/probe'] },
  });
