/** The server's statechart, as the conductor's room uses it. */
export { isWorld } from './actions/observe.ts';
export { demandOf } from './demand.ts';
export { SERVER_LIMITS, type ServerLimits, startMs } from './limits.ts';
export { createServerMachine, SERVER_MACHINE_VERSION, type ServerMachine } from './machine.ts';
export { migrateServer } from './migrate.ts';
export { type Refusal, SERVER_COMMANDS_TAKEN, serverRefusal, serverStatus } from './status.ts';
export * from './types.ts';
