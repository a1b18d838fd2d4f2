import type { AnyMachineSnapshot } from 'xstate';
import { NODE_COMMANDS, type NodeCommand } from './types.ts';

/** The commands that this version of the machine takes in some state. */
export const NODE_COMMANDS_TAKEN: readonly NodeCommand[] = NODE_COMMANDS;

export const NODE_CONNECTIONS = [
  'unconnected',
  'recovering',
  'healthy',
  'suspect',
  'unreachable',
  'fenced',
  'closed',
] as const;
export type NodeConnection = (typeof NODE_CONNECTIONS)[number];

type Value = string | { readonly [region: string]: Value };

const head = (value: Value | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : (Object.keys(value)[0] ?? '');
const tail = (value: Value | undefined): Value | undefined =>
  value === undefined || typeof value === 'string' ? undefined : Object.values(value)[0];

/** Connected, but for one missed heartbeat, is healthy whatever it is busy with. */
function connectionOf(value: Value | undefined): NodeConnection {
  const state = head(value);
  if (state === 'connected') return tail(value) === 'suspect' ? 'suspect' : 'healthy';
  const isFenced = state === 'unreachable' && JSON.stringify(value).includes('"proof":"fenced"');
  return isFenced ? 'fenced' : (state as NodeConnection);
}

export interface NodeStatus {
  /** Of its life. */
  readonly status: string;
  /** Inner state of a life that has one, else how the connection is. */
  readonly detail: string;
  readonly connection: NodeConnection;
  readonly pressure: 'calm' | 'high' | 'critical' | 'over';
}

/** What the three regions come to. */
export function nodeStatus({ value }: Pick<AnyMachineSnapshot, 'value'>): NodeStatus {
  const { life, connection, pressure } = value as Readonly<Record<string, Value>>;
  const of = connectionOf(connection);
  return {
    status: head(life),
    detail: typeof life === 'string' ? of : head(tail(life)),
    connection: of,
    pressure: head(pressure) as NodeStatus['pressure'],
  };
}
