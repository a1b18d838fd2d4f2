/** The disk of a simulated machine that stands in for the local one, so that its worlds outlive Baton's restarts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec } from '../../conductor/interfaces/engine.ts';

/**
 * For `saveWorld` of the settings: writes a token world into the container's data directory. Synchronous, as all
 * that a simulated program does. Throws what the file system throws.
 */
export function saveWorldToDisk({ dataDir, serverId, epoch }: ContainerSpec): void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, 'level.dat'), `A simulated world of server ${serverId}, saved in epoch ${epoch}.\n`);
}
