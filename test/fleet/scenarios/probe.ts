/** The image of the scenarios' game. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../../src/conductor/interfaces/engine.ts';
import { loadScratchImage } from '../../nodes/helpers/scratch-image.ts';

/** As `templates/probe.yaml` names it. */
export const PROBE_IMAGE = 'baton-test/fleet-probe:1';
export const TEMPLATES_DIR = join(import.meta.dirname, 'templates');

/** The kernel's number of `clock_gettime`, which Perl has no name for without modules. */
const CLOCK_GETTIME: Partial<Record<NodeJS.Architecture, string>> = { x64: '228', arm64: '113' };

export async function loadScenarioProbe(engine: Engine): Promise<void> {
  const call = CLOCK_GETTIME[process.arch];
  if (call === undefined) throw new Error(`the probe does not know the clock of ${process.arch}`);
  await loadScratchImage(engine, PROBE_IMAGE, {
    program: { path: '/usr/bin/perl', as: 'perl' },
    files: { 'probe.pl': readFileSync(join(import.meta.dirname, 'probe.pl'), 'utf8') },
    config: { entrypoint: ['/perl', '/probe.pl'], env: { CLOCK_GETTIME: call } },
  });
}
