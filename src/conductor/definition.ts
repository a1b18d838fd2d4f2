import type { ActorKind } from '../actors/types.ts';
import type { MachineDefinition } from './types.ts';

/** A kind's statechart as JSON, for the visualizer; functions are left out, names stay. */
export function machineDefinition({ kind, machine, commands }: ActorKind): MachineDefinition {
  return {
    kind,
    id: machine.id,
    version: String(machine.version ?? '0'),
    commands,
    definition: JSON.parse(JSON.stringify(machine.definition)),
  };
}
