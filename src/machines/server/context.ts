import type { StoredError } from '../../errors.ts';
import type {
  Observation,
  Removal,
  ServerContext,
  ServerEffects,
  ServerEvent,
  ServerFacts,
  ServerInput,
} from './types.ts';

/** As long as its node answers. */
export const NEVER_LOST = {
  loss: null,
  lease: { lost: 0, asked: 0 },
  givenUp: null,
} as const satisfies Partial<ServerContext>;

/** What a server knows when its row has just been made. */
export const initialContext = ({ id, ownerId, spec, at, operation, start }: ServerInput): ServerContext => ({
  id,
  ownerId,
  spec,
  nodeId: null,
  engine: null,
  ports: [],
  epoch: 0,
  placedEpoch: 0,
  triedEpoch: 0,
  containerId: null,
  reserved: false,
  dataExists: null,
  worldMarked: false,
  dataBytes: null,
  dataLost: false,
  players: null,
  operation,
  restartPending: false,
  queuedAt: null,
  attempt: 0,
  nextAttemptAt: null,
  crashes: [],
  exit: null,
  startWhenPrepared: start,
  stop: null,
  rebuild: null,
  keepData: false,
  ...NEVER_LOST,
  lastError: null,
  createdAt: at,
  startedAt: null,
  stoppedAt: null,
  deletedAt: null,
  purgeAt: null,
});

/** Facts for actions and guards: the context and the event that is being taken. */
export interface Now {
  readonly context: ServerContext;
  /** XState's own events (an effect's end, a timer) come here too, although the type does not say so. */
  readonly event: ServerEvent;
}

/** When the event happened, in Unix ms. The runtime stamps every event; without a stamp, the newest time that is known. */
export function timeOf({ context, event }: Now): number {
  const { at } = event as { at?: number };
  const { createdAt, queuedAt, startedAt, stoppedAt, deletedAt } = context;
  return at ?? Math.max(createdAt, queuedAt ?? 0, startedAt ?? 0, stoppedAt ?? 0, deletedAt ?? 0);
}

/** The output of the effect whose end is being taken. The caller knows which effect that is by the transition it stands in. */
export const outputOf = <E extends keyof ServerEffects>({ event }: Now): ServerEffects[E]['output'] =>
  (event as unknown as { output: ServerEffects[E]['output'] }).output;

/** The error of the effect whose failure is being taken; undefined for any other event. */
export const errorOf = ({ event }: Now): StoredError | undefined => (event as unknown as { error?: StoredError }).error;

/** What was seen, whether it was told or asked for by `verify`; undefined for events that saw nothing. */
export function observationOf(now: Now): Observation | undefined {
  const { event } = now;
  return event.type === 'observed' ? event.observation : isDone(now, 'verify') ? outputOf<'verify'>(now) : undefined;
}

/** Whether the event is the end of this effect. */
export const isDone = ({ event }: Now, effect: keyof ServerEffects): boolean =>
  (event.type as string) === `xstate.done.actor.${effect}`;

/** Whether the container that was seen is the one this server should have. One that was never prepared has none. */
export const isOurs = (
  { nodeId, containerId, epoch }: ServerContext,
  container: Pick<NonNullable<Observation['container']>, 'id' | 'epoch'> | null,
): boolean => nodeId !== null && container !== null && (container.id === containerId || container.epoch === epoch);

/** The copy of the context that effects get. Throws when the server was never prepared, which no state with an effect is. */
export function factsOf(context: ServerContext): ServerFacts {
  const { id, ownerId, spec, nodeId, ports, epoch } = context;
  if (nodeId === null) throw new TypeError(`Server ${id} has no node yet.`);
  return { serverId: id, ownerId, spec, nodeId, ports, epoch };
}

/**
 * Whether only its home may take it: its world is there, for all that is known, or a container of it is, which may run although
 * it was to be stopped.
 */
export const isTied = ({ dataExists, reserved, containerId }: ServerContext): boolean =>
  dataExists !== false || reserved || containerId !== null;

/** The world that a start must find there; null for one that had none, or whose owner has agreed to a new one. */
export const expectedWorld = ({ dataExists, dataLost, startedAt, worldMarked }: ServerContext) =>
  dataExists === true && !dataLost && startedAt !== null ? { worldMarked } : null;

/** {@link factsOf} for a placement that leaves its home as it is while something of it is there. */
export const placementOf = (context: ServerContext) => ({
  ...factsOf(context),
  dataExists: isTied(context),
  expects: expectedWorld(context),
  avoid: [],
  wanted: null,
});

/** {@link factsOf} with the present container. Throws when there is none. */
export function containerOf(context: ServerContext): ServerFacts & { containerId: string } {
  if (context.containerId === null) throw new TypeError(`Server ${context.id} has no container.`);
  return { ...factsOf(context), containerId: context.containerId };
}

/** {@link factsOf} for making or removing a container: how long one that is in the way is given, when it still runs. */
export const removalOf = (context: ServerContext, keep: string | null): ServerFacts & Removal => ({
  ...factsOf(context),
  keep,
  graceSeconds: context.operation?.command === 'kill' ? 0 : graceOf(context),
});

/** How long the game is given between the stop signal and SIGKILL, in seconds. */
export const graceOf = (context: ServerContext): number => context.stop?.graceSeconds ?? context.spec.graceSeconds;

/** What players are told before a stop that says nothing else. */
export const DEFAULT_ANNOUNCEMENT = 'The server is about to stop.';

export const announcementOf = (context: ServerContext): string => context.stop?.announce ?? DEFAULT_ANNOUNCEMENT;
