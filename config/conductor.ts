/** How the conductor looks at games and machines. */
import { STRATEGIES } from '../src/planner/limits.ts';
import { oneOf, whole } from './setting.ts';

const MINUTE_MS = 60_000;

export const CONDUCTOR_SETTINGS = {
  bootProbeMs: whole(
    'BATON_BOOT_PROBE_MS',
    500,
    [50, MINUTE_MS],
    'ms',
    'Between two readiness probes while a game boots: short, since players wait for it.',
  ),
  healthProbeMs: whole(
    'BATON_HEALTH_PROBE_MS',
    10_000,
    [100, 10 * MINUTE_MS],
    'ms',
    'Between two health probes of a running game; five failures in a row make it unresponsive.',
  ),
  probeTimeoutMs: whole(
    'BATON_PROBE_TIMEOUT_MS',
    5_000,
    [100, MINUTE_MS],
    'ms',
    'A probe without an answer counts as failed after this: longer than a bad garbage collection.',
  ),
  consoleTimeoutMs: whole(
    'BATON_CONSOLE_TIMEOUT_MS',
    10_000,
    [100, MINUTE_MS],
    'ms',
    'A console command without an answer; saving a large world may take a while.',
  ),
  sweepMs: whole(
    'BATON_SWEEP_MS',
    2_000,
    [100, MINUTE_MS],
    'ms',
    "Between two readings of a machine's containers, for what the engine's events missed.",
  ),
  dataSweepMs: whole(
    'BATON_DATA_SWEEP_MS',
    60_000,
    [100, 60 * MINUTE_MS],
    'ms',
    'Between two looks for the worlds on disk. Those of running servers are measured then, which walks all of their files.',
  ),
  strategy: oneOf(
    'BATON_PLACEMENT',
    STRATEGIES,
    'best_fit',
    'Which of the nodes with room takes a server: the fullest by default, so that whole nodes stay empty for large ones.',
  ),
  placeTries: whole(
    'BATON_PLACE_TRIES',
    5,
    [1, 100],
    'nodes',
    'Asked for room one after another before a server waits: the picture may be old by a few milliseconds.',
  ),
  askMs: whole(
    'BATON_NODE_ASK_MS',
    5_000,
    [100, MINUTE_MS],
    'ms',
    "How long a node's actor may take to answer a request for room: a commit takes milliseconds.",
  ),
} as const;
