/** A server's way to the stations that tests begin at. */
import {
  createServerMachine,
  type Observation,
  type ServerContext,
  type ServerSpec,
} from '../../src/machines/server/index.ts';
import { Drive } from './drive.ts';

export type Server = Drive<ServerContext>;

export const SPEC: ServerSpec = {
  name: 'lobby',
  template: 'flying-squid',
  image: 'baton/flying-squid',
  imageTag: '1.12.0',
  ramMb: 1024,
  cpu: 1,
  diskMb: 0,
  env: {},
  plan: 'payperplay',
  wakeOnJoin: false,
  idleStopSeconds: 300,
  failoverPolicy: 'wait',
  failoverGraceSeconds: 60,
  bootSeconds: 120,
  graceSeconds: 20,
};

const machine = createServerMachine();

export const PREPARED = {
  nodeId: 'n1',
  engine: 'docker',
  ports: [{ name: 'game', protocol: 'tcp', container: 25565, host: 25570 }],
  dataExists: false,
};

export const create = (start: boolean, spec: Partial<ServerSpec> = {}, id = 's1'): Server =>
  new Drive<ServerContext>(machine, {
    id,
    ownerId: 'o1',
    spec: { ...SPEC, ...spec },
    operation: { id: 'create-0', command: 'create' },
    start,
  });

export function stopped(spec: Partial<ServerSpec> = {}): Server {
  const server = create(false, spec);
  server.done('prepare', PREPARED);
  return server;
}

/** From `starting.placing` to `running`. */
export function boot(server: Server, players: number | null = null, data: Parameters<typeof seen>[2] = {}): Server {
  server.done('place', { placed: true });
  server.done('fetch');
  server.done('createContainer', { containerId: `c${server.context.epoch}` });
  server.done('boot', { players });
  server.send(observed(server, {}, data));
  return server;
}

export function running(spec: Partial<ServerSpec> = {}): Server {
  const server = create(true, spec);
  server.done('prepare', PREPARED);
  return boot(server);
}

/** Stopped by command after it ran: it has a world, and a container that has exited. */
export function off(spec: Partial<ServerSpec> = {}): Server {
  const server = running(spec);
  server.command('stop', { announce: '' });
  exit(server);
  return server;
}

/** From `stopping.saving` to its exit. */
export function exit(server: Server): void {
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited', requested: true }));
}

type Container = NonNullable<Observation['container']>;

/** What the engine shows of the present container; `null` for none. */
export function seen(
  { context }: Server,
  container: Partial<Container> | null = {},
  data: Partial<Pick<Observation, 'dataExists' | 'dataMarked'>> = {},
): Observation {
  return {
    container: container && {
      id: context.containerId ?? `c${context.epoch}`,
      epoch: context.epoch,
      state: 'running',
      exitCode: container.state === 'exited' ? 0 : null,
      oomKilled: false,
      requested: false,
      logTail: [],
      ...container,
    },
    dataExists: true,
    dataMarked: true,
    ...data,
  };
}

export const observed = (...args: Parameters<typeof seen>) => ({ type: 'observed', observation: seen(...args) });

export const isEnded = (server: Server, id: string | undefined, outcome: string): boolean =>
  server.ended.filter((end) => end.id === id).length === 1 &&
  server.ended.some((end) => end.id === id && end.outcome === outcome);
