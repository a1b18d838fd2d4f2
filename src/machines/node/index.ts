/** The node's statechart, as the conductor's room uses it. */
export { holdersOf } from './actions/operation.ts';
export { freeOn, heldOn, mostOn, sizeOf, startsMax, startsOn } from './capacity.ts';
export { roomChanges } from './ledger.ts';
export { NODE_LIMITS, type NodeLimits } from './limits.ts';
export { createNodeMachine, NODE_MACHINE_VERSION, type NodeMachine } from './machine.ts';
export { migrateNode } from './migrate.ts';
export { isNews, knownAfter } from './news.ts';
export { NODE_COMMANDS_TAKEN, NODE_CONNECTIONS, type NodeConnection, type NodeStatus, nodeStatus } from './status.ts';
export * from './types.ts';
