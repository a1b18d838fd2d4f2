/** The settings that the suite runs Baton with: everything that waits, waits less. */
import { createServer } from 'node:net';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import type { Pace } from './deaths.ts';
import type { Random } from './random.ts';
import type { Habits } from './users.ts';

export const TOKEN = 'the-crash-suite-knows-this-token';

/** Three servers fit at a time and the fourth waits, since the machine keeps 1050 MB for itself. */
const RAM_MB = 512;
const NODE_RAM_MB = 1_050 + 3 * RAM_MB;

export interface Temper {
  readonly pace: Pace;
  readonly habits: Habits;
  /** By when everything must have ended after the last start: the longest deadline that such a life can meet. */
  readonly quietMs: number;
}

/** Real containers take seconds for what simulated ones do in a tenth. */
export const TEMPERS: Readonly<Record<EngineKind, Temper>> = {
  simulated: {
    pace: { lifeMs: 2_000, pointMs: 15_000, startMs: 1_500 },
    habits: { templates: ['flying-squid', 'luanti'], ramMb: RAM_MB, servers: 4, creations: 8, patienceSeconds: 2 },
    quietMs: 60_000,
  },
  docker: {
    pace: { lifeMs: 12_000, pointMs: 30_000, startMs: 1_500 },
    habits: { templates: ['flying-squid'], ramMb: RAM_MB, servers: 3, creations: 5, patienceSeconds: 8 },
    quietMs: 150_000,
  },
};

/** Settings of one run as environment variables; they stay the same for all of its lives. */
export async function settingsOf(engine: EngineKind, random: Random): Promise<Readonly<Record<string, string>>> {
  const first = await freePorts(engine, random);
  return {
    BATON_ENGINE: engine,
    BATON_HTTP_PORT: '0',
    BATON_ADMIN_TOKEN: TOKEN,
    BATON_LOG_LEVEL: 'info',
    BATON_PORT_RANGE: `${first}-${first + PORTS - 1}`,
    BATON_PUBLISH_ADDRESS: '127.0.0.1',
    BATON_NODE_RAM_MB: String(NODE_RAM_MB),
    BATON_SIMULATED_PULL_MS: '150',
    BATON_SIMULATED_BOOT_MS: '200',
    BATON_SIMULATED_STOP_MS: '80',
    BATON_BOOT_PROBE_MS: '50',
    BATON_HEALTH_PROBE_MS: '400',
    BATON_SWEEP_MS: '250',
    BATON_DATA_SWEEP_MS: '800',
    BATON_SERVER_QUEUE_BACKOFF_MS: '300,600,1200',
    BATON_SERVER_CRASH_BACKOFF_MS: '200',
    BATON_SERVER_REMOVE_RETRY_MS: '500',
    BATON_SERVER_PURGE_RETRY_MS: '500',
    BATON_SERVER_MONITOR_RETRY_MS: '500',
    BATON_ACTORS_LEASE_MS: '3000',
    BATON_ACTORS_SWEEP_MS: '500',
    BATON_ACTORS_PROGRESS_MS: '20',
    BATON_ACTORS_RETRY_BASE_MS: '20',
    BATON_ACTORS_RETRY_MAX_MS: '500',
    BATON_SHUTDOWN_GRACE_MS: '2000',
    // In some runs what is deleted is purged by itself soon.
    ...(random.chance(0.3) && { BATON_RETENTION_HOURS: '0.001' }),
  };
}

const PORTS = 40;

/** The first of some ports in a row that nobody listens on. Simulated servers need none of the real ones. */
async function freePorts(engine: EngineKind, random: Random): Promise<number> {
  for (;;) {
    const first = random.int(300, 550) * 100 + 1;
    if (engine === 'simulated') return first;
    const ports = Array.from({ length: PORTS }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
