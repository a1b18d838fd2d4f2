/** The networks that a machine has routes to, out of its kernel's table. */
import type { HostNetworks } from '../docker/networks.ts';
import { runCommand } from './run.ts';
import type { Way } from './way.ts';

const DEADLINE_MS = 10_000;

export function createHostNetworks(way: Way): HostNetworks {
  return async (signal) => {
    const { connection } = await way.existing(signal);
    const options = { title: 'read routes', deadlineMs: DEADLINE_MS, signal };
    const { stdout } = await runCommand(connection, 'cat /proc/net/route', options);
    return networksIn(stdout);
  };
}

/**
 * `/proc/net/route`: column 2 is the destination and column 8 the mask, in hex with the first byte last. The default route
 * leads everywhere, so it says nothing.
 */
export function networksIn(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap((columns) => {
      const { 1: destination = '', 7: mask = '' } = columns;
      const bits = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length;
      return bits > 0 && /^[0-9A-F]{8}$/.test(destination) ? [`${dotted(destination)}/${bits}`] : [];
    });
}

const dotted = (hex: string): string => Buffer.from(hex, 'hex').reverse().join('.');
