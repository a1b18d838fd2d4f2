/**
 * A Minecraft player for tests and for trying a server out. Its protocol library is the one that was installed for the
 * flying-squid image, since it is far too large to be a dependency of Baton.
 */
import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installedTree } from './images/install.ts';
import { recipe } from './images/recipes.ts';

export interface Visit {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** How long to stay after spawning. */
  readonly seconds: number;
  /** Something to say right after spawning. */
  readonly say?: string;
  readonly onSpawn?: (place: Place) => void;
  /** Called for each line of the chat, as plain text. */
  readonly onHeard?: (line: string) => void;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface Visited extends Place {
  /** What was heard in the chat, as plain text. */
  readonly heard: readonly string[];
}

/** What is used of minecraft-protocol's client. */
interface Client extends EventEmitter {
  write(packet: string, fields: object): void;
  end(reason: string): void;
  readonly socket?: Socket;
}

/** How long a server may take to let a player spawn. */
const SPAWN_MS = 20_000;
/** How long a server may take to hang up. */
const LEAVE_MS = 2000;
/** Vanilla asks each client to confirm where it was put, else it is moved back there. */
const CONFIRM = 'teleport_confirm';

/**
 * Joins with the protocol that the flying-squid image was built for, stays, and leaves.
 *
 * @param cacheDir where the packages of images are kept; they are installed first when they are not there
 * @throws an ordinary error that says in one sentence why the player could not join or was thrown out
 */
export async function visit(visit: Visit, cacheDir: string, signal: AbortSignal): Promise<Visited> {
  const { minecraftVersion } = recipe('flying-squid');
  const tree = await installedTree(recipe('flying-squid'), cacheDir, () => {}, signal);
  const { createClient } = createRequire(join(tree, 'package.json'))('minecraft-protocol');
  const { host, port, name } = visit;
  const client: Client = createClient({ host, port, username: name, version: minecraftVersion, auth: 'offline' });
  const gone = new AbortController();
  const thrownOut = (reason: string) => gone.abort(new Error(reason));
  client.on('error', (error: Error) => thrownOut(`${host}:${port} could not be joined: ${error.message || error}`));
  client.on('kick_disconnect', ({ reason }) => thrownOut(`${name} was kicked: ${plain(reason)}`));
  client.on('disconnect', ({ reason }) => thrownOut(`${name} was not let in: ${plain(reason)}`));
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  client.on('end', () => thrownOut('the server closed the connection'));
  try {
    return await stay(client, visit, AbortSignal.any([signal, gone.signal]));
  } finally {
    // After its connection has ended, `end` would start a timer that keeps the process alive.
    if (!gone.signal.aborted) client.end('left');
    await Promise.race([ended, delay(LEAVE_MS)]);
    client.socket?.destroy();
  }
}

async function stay(client: Client, visit: Visit, left: AbortSignal): Promise<Visited> {
  const { name, seconds, say, onSpawn, onHeard } = visit;
  const heard: string[] = [];
  client.on('chat', ({ message }) => {
    const line = plain(message);
    heard.push(line);
    onHeard?.(line);
  });
  const late = AbortSignal.timeout(SPAWN_MS);
  try {
    const [place] = await once(client, 'position', { signal: AbortSignal.any([left, late]) });
    const { x, y, z, teleportId } = place;
    client.write(CONFIRM, { teleportId });
    client.write('position_look', { ...place, onGround: true });
    onSpawn?.({ x, y, z });
    if (say) client.write('chat', { message: say });
    await delay(seconds * 1000, undefined, { signal: left });
    return { x, y, z, heard };
  } catch (error) {
    left.throwIfAborted();
    if (late.aborted) throw new Error(`${name} did not spawn within ${SPAWN_MS / 1000} s`);
    throw error;
  }
}

/** Chat comes as JSON: `{ text, extra: [{ text }, …] }`. */
function plain(json: string): string {
  const part = (value: unknown): string => {
    if (typeof value === 'string') return value;
    if (Array.isArray(value)) return value.map(part).join('');
    if (typeof value !== 'object' || value === null) return '';
    return part('text' in value ? value.text : '') + part('extra' in value ? value.extra : '');
  };
  try {
    return part(JSON.parse(json));
  } catch {
    return json;
  }
}
