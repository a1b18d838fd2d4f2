/** The numbers of a run: Baton's own defaults, but for waits that would only pass empty time. */
import { loadSettings, type Settings } from '../../config/settings.ts';

export const SIM_SETTINGS: Settings = loadSettings({
  BATON_SERVER_FETCH_MS: '120000',
  BATON_SERVER_PURGE_MS: '120000',
  BATON_SERVER_QUEUE_MS: '180000',
  BATON_SERVER_QUEUE_BACKOFF_MS: '10000,20000,40000',
  BATON_SERVER_SLEEP_AFTER_MS: '60000',
  BATON_SERVER_PURGE_RETRY_MS: '60000',
  BATON_SERVER_CRASH_WINDOW_MS: '60000',
  // A little more than the deadlines of a start's steps together.
  BATON_NODE_START_MS: '300000',
});

export interface Scenario {
  readonly faultsMs: number;
  /** From the end of the faults until everything must have come to rest. */
  readonly healingMs: number;
  /** Between two faults on average; 0 for none. */
  readonly faultEveryMs: number;
  /** Besides the one that Baton runs on. */
  readonly machines: number;
  readonly users: number;
  readonly servers: number;
  readonly thinkMs: number;
}

export const SCENARIO: Scenario = {
  faultsMs: 180_000,
  healingMs: 1_200_000,
  faultEveryMs: 5_000,
  machines: 3,
  users: 3,
  servers: 7,
  thinkMs: 4_000,
};
