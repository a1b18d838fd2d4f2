import { NEVER_CONNECTED } from './context.ts';
import type { NodeContext, Reservation } from './types.ts';

type Stored<Context> = {
  readonly value: Readonly<Record<string, unknown>>;
  readonly context: Context;
  readonly [key: string]: unknown;
};

/** Of versions 1 and 2: `cpu` in cores. Whose server starts was not known, so each holds what it has. */
interface OldContext extends Omit<NodeContext, 'reservations' | 'diskMb'> {
  readonly reservations: Readonly<Record<string, { epoch: number; ramMb: number; cpu: number }>>;
  /** Who found no room; the queue knows now. */
  readonly waiting?: unknown;
}

/**
 * A stored snapshot of an older machine as the present one would have stored it. Version 1 knew only the local machine, in
 * its one state `ready`; the first event connects it. Version 2 knew RAM and CPU alone, and no region `room`. Version 3 did not
 * know whether a node is guarded and whether its engine answers; its next answer tells.
 * @throws TypeError for a version that there never was
 */
export function migrateNode(snapshot: unknown, fromVersion: string): unknown {
  if (fromVersion === '3') {
    const { context, ...rest } = snapshot as Stored<Omit<NodeContext, 'guarded'>>;
    return { ...rest, context: withAnswers(context) };
  }
  const stored = snapshot as Stored<OldContext>;
  if (fromVersion === '2') {
    const context = withAnswers(withResources(stored.context));
    return { ...stored, value: { ...stored.value, room: 'settled' }, context };
  }
  if (fromVersion !== '1') throw new TypeError(`No node was ever stored by version ${fromVersion}.`);
  const context = {
    ...withResources(stored.context),
    ...NEVER_CONNECTED,
    kind: 'local',
    system: false,
    labels: {},
    ssh: null,
    hostKey: null,
    operation: null,
    createdAt: 0,
    readyAt: 0,
  } satisfies NodeContext;
  const value = { life: 'ready', connection: 'unconnected', pressure: 'calm', room: 'settled' };
  return { ...stored, value, context };
}

const withAnswers = (context: Omit<NodeContext, 'guarded'>): NodeContext => ({
  ...context,
  guarded: true,
  pressure: { ...context.pressure, engine: 'calm' },
});

function withResources({ waiting: _, ...context }: OldContext): NodeContext {
  const reservations = Object.entries(context.reservations).map(([serverId, { epoch, ramMb, cpu }]) => {
    const cpuMilli = Math.round(cpu * 1000);
    return [serverId, { epoch, ramMb, cpuMilli, diskMb: 0, ports: 0, startsUntil: null } satisfies Reservation];
  });
  return { ...context, diskMb: 0, reservations: Object.fromEntries(reservations) };
}
