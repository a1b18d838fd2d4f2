/** The manifest beside a world says whose the data is, so that it is not taken for another's wherever it is found. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { WorldManifest } from '../conductor/interfaces/engine.ts';
import type { NodeReading } from '../conductor/interfaces/link.ts';

const manifest = z.object({ node_id: z.string(), epoch: z.number().int().nonnegative() });

/** @param nodeId the node that the world lies on */
export const manifestText = (nodeId: string, { serverId, epoch, ownerId }: WorldManifest): string =>
  `${JSON.stringify({ server_id: serverId, epoch, owner_id: ownerId, node_id: nodeId }, null, 2)}\n`;

export interface FoundWorlds {
  readonly own: NodeReading['worlds'];
  /** Servers whose worlds bear another node's id, or none: those of a Baton with another database, which it will miss. */
  readonly strange: readonly string[];
}

/** @param root the data root; need not exist */
export async function worldsIn(root: string, nodeId: string): Promise<FoundWorlds> {
  const servers = await namesIn(join(root, 'servers'));
  const found = await Promise.all(
    servers.map(async (serverId) => {
      const text = await readFile(join(root, 'servers', serverId, 'manifest.json'), 'utf8').catch(() => '');
      const { data } = manifest.safeParse(parsed(text));
      const hasData = (await namesIn(join(root, 'servers', serverId, 'data'))).length > 0;
      return data?.node_id === nodeId ? { serverId, epoch: data.epoch, hasData } : serverId;
    }),
  );
  return {
    own: found.filter((one) => typeof one !== 'string'),
    strange: found.filter((one) => typeof one === 'string'),
  };
}

export const namesIn = (path: string): Promise<string[]> => readdir(path).catch(() => []);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
