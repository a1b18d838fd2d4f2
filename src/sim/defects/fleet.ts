/** Defects of lease and fence, on either side of the way. */
import type { EffectFunction } from '../../actors/types.ts';
import type { NodeReading } from '../../conductor/interfaces/link.ts';
import { LEASE_LIMITS } from '../../machines/fleet/index.ts';
import type { NodeEffects } from '../../machines/node/index.ts';
import type { Defect, Seams } from './seams.ts';

/** The node's kind with one effect in place of its own. */
const withEffect =
  <E extends keyof NodeEffects>(
    name: E,
    run: (
      own: EffectFunction<NodeEffects[E]['input'], NodeEffects[E]['output']>,
      now: () => number,
    ) => EffectFunction<NodeEffects[E]['input'], NodeEffects[E]['output']>,
  ): NonNullable<Seams['nodeKind']> =>
  (kind, clock) => {
    const spec = kind.effects[name];
    if (spec === undefined) return kind;
    const wrapped = run(spec.run as EffectFunction<NodeEffects[E]['input'], NodeEffects[E]['output']>, clock.now);
    return { ...kind, effects: { ...kind.effects, [name]: { ...spec, run: wrapped as EffectFunction } } };
  };

class Forgetful extends Map<string, number> {
  override set(): this {
    return this;
  }
}

export const FLEET_DEFECTS: readonly Defect[] = [
  {
    name: 'lease-anchored-at-the-answer',
    what: 'A grant counts from when it is sent, not from the reading that the node gave.',
    seams: {
      link(link, clock) {
        let heardMs = clock.monotonic();
        return {
          ...link,
          async heartbeat(epoch, grant, signal) {
            const sinceMs = clock.monotonic() - heardMs;
            const late =
              grant === null ? null : { ...grant, untilMs: grant.untilMs + sinceMs + LEASE_LIMITS.beatMs * 2 };
            const reading = await link.heartbeat(epoch, late, signal);
            heardMs = clock.monotonic();
            return reading;
          },
        };
      },
    },
  },
  {
    name: 'late-heartbeat-rearms',
    what: 'A reading that came too late to count is granted on, and the fence does not know of it.',
    seams: {
      link(link) {
        let newest: NodeReading | null = null;
        return {
          ...link,
          heartbeat(epoch, grant, signal) {
            const patient = new AbortController().signal;
            const untilMs = Math.max(grant?.untilMs ?? 0, (newest?.clockMs ?? 0) + LEASE_LIMITS.ttlMs);
            const rearmed = grant === null || newest?.bootId !== grant.bootId ? grant : { ...grant, untilMs };
            const asked = link.heartbeat(epoch, rearmed, patient).then((reading) => {
              newest = reading;
              return reading;
            });
            asked.catch(() => undefined);
            const { promise, reject } = Promise.withResolvers<never>();
            signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            return Promise.race([asked, promise]);
          },
        };
      },
    },
  },
  {
    name: 'no-fence',
    what: 'A node that does not answer counts as fenced at once.',
    seams: {
      nodeKind: withEffect('fence', () => async ({ waitMs }) => ({ proof: 'lease_expired', waitedMs: waitMs ?? 0 })),
    },
  },
  {
    name: 'fence-by-the-wall-clock',
    what: 'The fence is measured by a clock that can be set.',
    seams: {
      nodeKind: withEffect('fence', (own, now) => {
        const heard = now();
        return async (input, context) => {
          const { waitMs } = input;
          if (waitMs === null) return own(input, context);
          return now() - heard >= waitMs ? { proof: 'lease_expired', waitedMs: waitMs } : own(input, context);
        };
      }),
    },
  },
  {
    name: 'restart-forgets-the-lease',
    what: 'After a restart a node that was not heard of counts as one that never had a lease.',
    seams: {
      leases: (book) => ({ ...book, lastHeardMs: (nodeId) => book.lastHeardMs(nodeId) ?? Number.MIN_SAFE_INTEGER }),
    },
  },
  {
    name: 'everything-may-go-on',
    what: 'A node that is back keeps whatever it shows, without asking the servers.',
    seams: {
      nodeKind: withEffect('readInventory', (own) => async (input, context) => {
        const read = await own(input, context);
        const keep = read.containers.filter(({ state }) => state === 'running' || state === 'paused');
        return { ...read, settlement: { keep, stop: [], quarantine: [] } };
      }),
    },
  },
  {
    name: 'strays-stay',
    what: 'What has lost its place is not put aside.',
    seams: { link: (link) => ({ ...link, quarantine: async () => {}, stop: async () => {} }) },
  },
  {
    name: 'watchdog-sleeps',
    what: 'The watchdog says that it is there, and freezes nothing.',
    seams: { watchdog: (watchdog) => ({ ...watchdog, poke: () => {} }) },
  },
  {
    name: 'no-hang-up',
    what: 'Calls on the connection of a lease that ran out still arrive.',
    seams: { hangUp: () => {} },
  },
  {
    name: 'epoch-not-checked-on-create',
    what: 'A machine makes and keeps what is of whatever epoch of its server, and remembers none.',
    seams: {
      serverEpochs: () => new Forgetful(),
    },
  },
];
