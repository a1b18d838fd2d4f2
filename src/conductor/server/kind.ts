import type { AnyMachineSnapshot } from 'xstate';
import type { ActorKind, EffectFunction, EffectSpec } from '../../actors/types.ts';
import {
  createServerMachine,
  migrateServer,
  type Removal,
  SERVER_COMMANDS_TAKEN,
  type ServerContext,
  type ServerEffects,
  type ServerEvent,
  type ServerLimits,
  type ServerMachine,
  serverRefusal,
  serverStatus,
} from '../../machines/server/index.ts';
import { errors } from '../errors.ts';
import { SERVER_PROJECTION } from '../interfaces/stores.ts';
import { boot, revert } from './effects/boot.ts';
import { createContainer, fetch, purge, removeContainer } from './effects/container.ts';
import { findWorld } from './effects/find-world.ts';
import { monitor } from './effects/monitor.ts';
import { place, prepare } from './effects/prepare.ts';
import { announce, kill, save, terminate, verify } from './effects/stop.ts';
import { serverEvents } from './events.ts';
import { serverRow } from './row.ts';
import type { ServerWorld } from './world.ts';

/** A state's own deadline comes first; an effect that outlives it by this much is cut off in any case. */
const MARGIN_MS = 5_000;

/** What nodes and the queue tell of room: one that was purged meanwhile has none. */
const MOOT: readonly ServerEvent['type'][] = [
  'node.lost',
  'node.fenced',
  'node.returned',
  'capacity.available',
  'reservation.expired',
];

const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as ServerContext;

/**
 * The server, as the runtime runs it.
 * @param machine of the same limits; making one takes milliseconds, which counts for whoever starts runtimes all the time
 */
export function serverKind(
  world: ServerWorld,
  limits: ServerLimits,
  machine: ServerMachine = createServerMachine(limits),
): ActorKind {
  return {
    kind: 'server',
    machine,
    migrate: migrateServer,
    commands: SERVER_COMMANDS_TAKEN,
    effects: serverEffects(world, limits),
    moot: MOOT,
    status: serverStatus,
    operation: (snapshot) => contextOf(snapshot).operation,
    ownerId: (snapshot) => contextOf(snapshot).ownerId,
    refusal(snapshot, event) {
      const refusal = serverRefusal(snapshot, event);
      return refusal === undefined ? undefined : errors[refusal.code](refusal.details);
    },
    projections: (snapshot) => [
      { name: SERVER_PROJECTION, row: snapshot.status === 'active' ? serverRow(snapshot) : null },
    ],
    events: serverEvents,
  };
}

/**
 * What may pass is tried again for as long as its state has: an engine that is restarted, or a registry that stumbles, costs no
 * operation. Then the machine decides what the failure means.
 */
const UNTIL_DEADLINE = Number.POSITIVE_INFINITY;

function serverEffects(world: ServerWorld, limits: ServerLimits): Record<keyof ServerEffects, EffectSpec> {
  const spec = (run: unknown, deadlineMs: EffectSpec['deadlineMs'], attempts = UNTIL_DEADLINE): EffectSpec => ({
    run: run as EffectFunction,
    deadlineMs: typeof deadlineMs === 'number' ? deadlineMs + MARGIN_MS : deadlineMs,
    marginMs: MARGIN_MS,
    attempts,
  });
  const bootMs = ({ spec: { bootSeconds } }: ServerEffects['boot']['input']) => bootSeconds * 1000 + MARGIN_MS;
  const afterGrace =
    (ms: number) =>
    ({ graceSeconds }: Pick<Removal, 'graceSeconds'>) =>
      graceSeconds * 1000 + ms + MARGIN_MS;
  return {
    prepare: spec(prepare(world), limits.prepareMs),
    place: spec(place(world, limits), limits.placeMs),
    findWorld: spec(findWorld(world), limits.findMs),
    fetch: spec(fetch(world), limits.fetchMs),
    createContainer: spec(createContainer(world), afterGrace(limits.createMs)),
    boot: spec(boot(world), bootMs),
    monitor: spec(monitor(world), null),
    announce: spec(announce(world), limits.announceMs, 1),
    save: spec(save(world), limits.saveMs, 1),
    terminate: spec(terminate(world), afterGrace(limits.stopMarginMs)),
    kill: spec(kill(world), limits.stopMarginMs),
    verify: spec(verify(world), limits.verifyMs),
    removeContainer: spec(removeContainer(world), afterGrace(limits.removeMs)),
    revert: spec(revert(world), bootMs),
    purge: spec(purge(world), limits.purgeMs),
  };
}
