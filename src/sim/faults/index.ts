/** All that can go wrong. */
import { BOOT_FAULTS } from './boot.ts';
import { DATABASE_FAULTS } from './database.ts';
import type { Fault } from './fault.ts';
import { MACHINE_FAULTS } from './machine.ts';
import { NETWORK_FAULTS } from './network.ts';
import { PROCESS_FAULTS } from './process.ts';

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...DATABASE_FAULTS,
  ...MACHINE_FAULTS,
  ...NETWORK_FAULTS,
  ...BOOT_FAULTS,
];
