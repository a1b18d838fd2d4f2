/** How the conductor looks at games and machines. */
import { whole } from './setting.ts';

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
    'Between two measurements of the worlds on disk; each walks all of their files.',
  ),
} as const;
