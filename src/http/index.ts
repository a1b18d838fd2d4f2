/** The door of this room: HTTP and live events, in front of the conductor. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Ports } from '../actors/ports.ts';
import type { Operation } from '../actors/types.ts';
import type { Conductor } from '../conductor/types.ts';
import { createApp } from './app.ts';
import { adminToken } from './auth.ts';
import { errors } from './errors.ts';
import { type HttpLimits, type HttpSettings, httpLimits } from './limits.ts';
import { openLive } from './live/index.ts';
import { cautious, type SecretNames } from './mask.ts';
import { createMetrics, type ExtraMetric } from './metrics.ts';
import { type OpenApi, openApi } from './openapi.ts';
import type { Route } from './route.ts';
import { actorRoutes } from './routes/actors.ts';
import { commandRoutes } from './routes/commands.ts';
import type { RouteDeps } from './routes/deps.ts';
import { catalogueRoutes } from './routes/events.ts';
import { insideRoutes } from './routes/inside.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { operationRoutes } from './routes/operations.ts';
import { serverRoutes } from './routes/servers.ts';
import { serviceRoutes } from './routes/service.ts';

export type { HttpSettings } from './limits.ts';
export type { ExtraMetric } from './metrics.ts';

export interface DoorDeps {
  readonly conductor: Conductor;
  /** The admin token, and the account that it stands for. */
  readonly token: string;
  readonly adminAccountId: string;
  readonly settings: HttpSettings;
  readonly log: Logger;
  readonly ports: Ports;
  /** Of Baton, for the OpenAPI document. */
  readonly version: string;
  /** Which variables of a template's env are secret. May throw for an unknown template. */
  readonly secretNames: SecretNames;
  /** Numbers of other rooms, read with each scrape. */
  readonly extraMetrics?: () => readonly ExtraMetric[];
  readonly limits?: Partial<HttpLimits>;
}

export interface Door {
  /** Throws `address_unavailable`, such as when another program listens there. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Takes no new connection, has waiting callers answered at once with their operation as it is, lets the others be answered,
   * and cuts off what is left after `graceMs`.
   */
  close(graceMs: number): Promise<void>;
}

/** A request must have arrived in full by then; a client that takes longer only holds a connection. */
const REQUEST_MS = 30_000;

export function createDoor(deps: DoorDeps): Door {
  const { conductor, settings, ports } = deps;
  const log = deps.log.child({ room: 'http' });
  const limits = { ...httpLimits, ...deps.limits };
  const secretNames = cautious(deps.secretNames);
  const authenticate = adminToken(deps.token, deps.adminAccountId);
  const metrics = createMetrics(conductor.reads, deps.extraMetrics ?? (() => []));
  const closing = Promise.withResolvers<'closing'>();
  let isClosing = false;

  const settled: RouteDeps['settled'] = async (operation, waitSeconds) => {
    if (waitSeconds === null || operation.status !== 'running') return operation;
    const ended = await Promise.race([conductor.waitFor(operation.id, waitSeconds * 1000), closing.promise]);
    return ended === 'closing' ? asItIs(conductor, operation) : ended;
  };

  const routes = allRoutes({ conductor, secretNames, settled }, deps.version, () => metrics.render());
  const app = createApp({ routes, authenticate, settings, log, metrics, id: ports.id, closing: () => isClosing });
  const http = createServer({ requestTimeout: REQUEST_MS }, app.callback());
  const live = openLive(http, {
    conductor,
    authenticate,
    secretNames,
    limits,
    metrics,
    log,
    id: ports.id,
    clock: ports.clock,
  });

  return {
    async listen() {
      await new Promise<void>((resolve, reject) => {
        http.once('error', (thrown) => {
          reject(errors.address_unavailable({ ...settings, reason: thrown.message }, { cause: thrown }));
        });
        http.listen({ host: settings.host, port: settings.port }, () => {
          http.removeAllListeners('error');
          resolve();
        });
      });
      const { address, port } = http.address() as AddressInfo;
      log.info({ host: address, port }, 'the door is open');
      return { host: address, port };
    },
    async close(graceMs) {
      if (isClosing || !http.listening) return;
      isClosing = true;
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      closing.resolve('closing');
      live.close();
      const cancel = ports.clock.schedule(graceMs, () => http.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

const asItIs = async (conductor: Conductor, operation: Operation): Promise<Operation> =>
  (await conductor.reads.operation(operation.id).catch(() => null)) ?? operation;

/** Every route there is; the document describes exactly these. */
function allRoutes(deps: RouteDeps, version: string, metrics: () => Promise<string>): readonly Route[] {
  let document: OpenApi | undefined;
  const described = () => {
    document ??= openApi(routes, version);
    return document;
  };
  const routes: readonly Route[] = [
    ...serverRoutes(deps),
    ...commandRoutes(deps),
    ...insideRoutes(deps),
    ...nodeRoutes(deps),
    ...operationRoutes(deps),
    ...catalogueRoutes(deps),
    ...actorRoutes(deps),
    ...serviceRoutes(deps, described, metrics),
  ];
  return routes;
}
