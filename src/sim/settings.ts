/** The numbers of a run: Baton's own defaults, but for waits that would only pass empty time. */
import { loadSettings, type Settings } from '../../config/settings.ts';
import { seededRandom } from './random.ts';

export const SIM_SETTINGS: Settings = loadSettings({
  BATON_SERVER_FETCH_MS: '120000',
  BATON_SERVER_PURGE_MS: '120000',
  BATON_SERVER_QUEUE_MS: '180000',
  BATON_SERVER_QUEUE_BACKOFF_MS: '10000,20000,40000',
  BATON_SERVER_SLEEP_AFTER_MS: '60000',
  BATON_SERVER_PURGE_RETRY_MS: '60000',
  BATON_SERVER_CRASH_WINDOW_MS: '60000',
});

export interface Scenario {
  readonly faultsMs: number;
  /** From the end of the faults until everything must have come to rest. */
  readonly healingMs: number;
  /** Between two faults on average, but for those that follow others. */
  readonly faultEveryMs: number;
  /** How many of the kinds of fault there are. */
  readonly faultsShare: number;
  /** Besides the one that Baton runs on. */
  readonly machines: number;
  readonly users: number;
  readonly servers: number;
  readonly thinkMs: number;
}

/**
 * Each seed has a scenario of its own ("swarm testing", Groce et al. 2012): a fleet in which everything goes wrong all the time
 * hides what only happens to servers that run in peace for a while, and the other way round.
 */
export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed, 'scenario');
  return {
    faultsMs: 180_000,
    healingMs: 1_200_000,
    faultEveryMs: random.between(4_000, 16_000),
    faultsShare: random.between(0.4, 1),
    machines: random.whole(3, 5),
    users: 3,
    servers: random.whole(5, 10),
    thinkMs: random.between(3_000, 20_000),
  };
}
