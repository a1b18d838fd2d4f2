/** Machines made out of this one, for trying a fleet at home and for tests. */
export { createLocalMachine, type LocalMachine, type LocalMachineOptions } from './machine.ts';
export { bootLocalMachines, type LocalMachinesOptions } from './machines.ts';
export { checkLocalSupport } from './support.ts';
export type { Process } from './system.ts';
