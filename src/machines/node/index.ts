/** The node's statechart, as the conductor's room uses it. */
export { availableMb, reservedMb, systemReserveMb, usableMb } from './capacity.ts';
export { createNodeMachine, NODE_MACHINE_VERSION, type NodeMachine } from './machine.ts';
export type * from './types.ts';
