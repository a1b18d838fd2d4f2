/** A way to Docker that can be cut: a unix socket of ours in front of the engine's. */

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DockerProxy {
  /** For `createDockerEngine`. */
  readonly host: string;
  /** Breaks every connection; new ones are taken. */
  cut(): void;
  /** Breaks every connection, and refuses new ones until {@link heal}. */
  refuse(): Promise<void>;
  /** Refuses new connections and keeps those that there are, as an engine does that is about to end. */
  closeDoor(): void;
  heal(): Promise<void>;
  /** From now on takes connections and passes nothing on. */
  stall(): void;
  close(): Promise<void>;
}

export async function openDockerProxy(): Promise<DockerProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-proxy-'));
  const path = join(directory, 'docker.sock');
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer((client) => {
    const upstream = stalled ? null : connectUpstream();
    for (const socket of [client, upstream]) {
      if (socket === null) continue;
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    if (upstream === null) return;
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const heal = async () => {
    server.listen(path);
    await once(server, 'listening');
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const refuse = async () => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  await heal();
  return {
    host: `unix://${path}`,
    cut,
    refuse,
    closeDoor: () => void server.close(),
    heal,
    stall() {
      stalled = true;
    },
    async close() {
      if (existsSync(path)) await refuse();
      cut();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function connectUpstream(): Socket {
  const url = new URL(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');
  return url.protocol === 'unix:' ? connect(url.pathname) : connect(Number(url.port), url.hostname);
}
