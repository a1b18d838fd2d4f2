import type { StoredError } from '../../errors.ts';
import { systemReserveMb } from '../../planner/fit.ts';
import { NO_PRESSURE } from './pressure.ts';
import type { NodeContext, NodeEffects, NodeEvent, NodeFacts, NodeInput } from './types.ts';

/** What a node knows when its row has just been made. */
export const initialContext = (input: NodeInput): NodeContext => ({
  id: input.id,
  name: input.name,
  kind: input.kind,
  engine: input.engine,
  system: input.system ?? false,
  labels: input.labels ?? {},
  ssh: input.ssh ?? null,
  hostKey: null,
  ramMb: input.ramMb,
  cpus: input.cpus,
  diskMb: input.diskMb ?? 0,
  reserveRamMb: systemReserveMb(input.ramMb, 0),
  reservations: {},
  released: {},
  forgotten: [],
  operation: input.operation ?? null,
  ...NEVER_CONNECTED,
  createdAt: input.at,
});

/** The parts that have nothing to do with where it comes from. */
export const NEVER_CONNECTED = {
  cordoned: false,
  leaves: false,
  pressure: NO_PRESSURE,
  bootId: null,
  leaseEpoch: 1,
  lastLeaseAt: null,
  missed: 0,
  guarded: true,
  awaySince: null,
  rebooted: false,
  fence: null,
  shown: [],
  settlement: null,
  lastError: null,
  readyAt: null,
  removedAt: null,
} as const satisfies Partial<NodeContext>;

/** Facts for actions and guards: the context and the event that is being taken. */
export interface Now {
  readonly context: NodeContext;
  /** XState's own events (an effect's end, a timer) come here too, although the type does not say so. */
  readonly event: NodeEvent;
}

export type EventOf<T extends NodeEvent['type']> = Extract<NodeEvent, { type: T }>;

/** When the event happened, in Unix ms. The runtime stamps every event; without a stamp, the newest time that is known. */
export const timeOf = ({ context, event }: Now): number =>
  (event as { at?: number }).at ?? Math.max(context.createdAt, context.lastLeaseAt ?? 0, context.awaySince ?? 0);

/** The output of the effect whose end is being taken. The caller knows which effect that is by the transition it stands in. */
export const outputOf = <E extends keyof NodeEffects>({ event }: Now): NodeEffects[E]['output'] =>
  (event as unknown as { output: NodeEffects[E]['output'] }).output;

/** The error of the effect whose failure is being taken; undefined for any other event. */
export const errorOf = ({ event }: Now): StoredError | undefined => (event as unknown as { error?: StoredError }).error;

/** The copy of the context that effects get. */
export const factsOf = ({ id, name, kind, ssh, hostKey, leaseEpoch }: NodeContext): NodeFacts => ({
  nodeId: id,
  name,
  kind,
  ssh,
  hostKey,
  leaseEpoch,
});
