/** When a node counts as lost, and how long its servers may run without Baton. The numbers stand beside its statechart. */
import { NODE_LIMITS as LIMITS } from '../src/machines/node/limits.ts';
import { whole } from './setting.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

const ms = (name: string, fallback: number, [min, max]: readonly [number, number], reason: string) =>
  whole(`BATON_NODE_${name}_MS`, fallback, [min, max], 'ms', reason);

/** What the design leaves to nobody, because the helper on the nodes reckons with it: `docs/decisions/0007`. */
const { driftPpm, pauseBudgetMs } = LIMITS.lease;

export const FLEET_SETTINGS = {
  beatMs: ms('BEAT', LIMITS.lease.beatMs, [200, MINUTE_MS], 'Between two heartbeats; one is a single round trip.'),
  leaseTtlMs: ms(
    'LEASE_TTL',
    LIMITS.lease.ttlMs,
    [5 * SECOND_MS, 100 * SECOND_MS],
    'How long a node may run servers after it last heard from Baton. Longer outlasts longer cuts, and delays every failover; a node takes no grant for two minutes or more.',
  ),
  missedLimit: whole(
    'BATON_NODE_MISSED_LIMIT',
    LIMITS.lease.missedLimit,
    [1, 100],
    'heartbeats',
    'So many missed in a row make a node unreachable: one is a hiccup, three at 2 s are not.',
  ),
  bootstrapMs: ms(
    'BOOTSTRAP',
    LIMITS.bootstrapMs,
    [10 * SECOND_MS, 60 * MINUTE_MS],
    'Setting up a machine: installing Docker on a slow one takes minutes.',
  ),
  emptyMs: ms(
    'EMPTY',
    LIMITS.emptyMs,
    [0, 24 * 60 * MINUTE_MS],
    'An empty node that shall be decommissioned waits so long, in case it is wanted after all.',
  ),
  cpuHighPercent: whole(
    'BATON_NODE_CPU_HIGH_PERCENT',
    LIMITS.cpu.high * 100,
    [10, 101],
    '%',
    'A machine whose processors were busier than this in the last minute takes no new servers; 101 never minds.',
  ),
  startsMax: whole(
    'BATON_NODE_STARTS_MAX',
    LIMITS.startsMax,
    [0, 60],
    'servers',
    'Starting on one node at once; 0 is one for each two cores, because booting eats them.',
  ),
  retryMs: ms('RETRY', LIMITS.retryMs, [100, MINUTE_MS], 'Until a fence or a cleaning that failed is tried again.'),
} as const;

type FleetValues = { readonly [K in keyof typeof FLEET_SETTINGS]: number };

/** What is wrong with settings each of which is fine by itself; a sentence each. */
export function fleetFaults({ beatMs, leaseTtlMs, missedLimit }: FleetValues): readonly string[] {
  // A lease is renewed by the second heartbeat after the reading that it is anchored at, and outlasts those that may be missed.
  const least = beatMs * (missedLimit + 1);
  if (leaseTtlMs >= least) return [];
  return [
    `BATON_NODE_LEASE_TTL_MS is ${leaseTtlMs}, but it must be at least ${least}, BATON_NODE_BEAT_MS times one more than ` +
      'BATON_NODE_MISSED_LIMIT: else worlds freeze before their node counts as unreachable.',
  ];
}

/** The limits of the node's statechart with what was set. */
export function nodeLimits(set: FleetValues): typeof LIMITS {
  const { beatMs, leaseTtlMs: ttlMs, missedLimit, cpuHighPercent, ...durations } = set;
  const high = cpuHighPercent / 100;
  const cpu = { high, calm: Math.min(high, LIMITS.cpu.calm) };
  return { ...LIMITS, ...durations, cpu, lease: { beatMs, ttlMs, missedLimit, driftPpm, pauseBudgetMs } };
}
