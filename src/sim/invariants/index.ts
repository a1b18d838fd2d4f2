/** What must hold after every step, by name. */
import type { MakeInvariant } from '../world.ts';
import { acknowledged } from './acknowledged.ts';
import { allocation } from './allocation.ts';
import { copies } from './copies.ts';
import { journal } from './journal.ts';
import { leases } from './leases.ts';
import { operations } from './operations.ts';
import { ports } from './ports.ts';
import { rest } from './rest.ts';
import { writes } from './writes.ts';

export const INVARIANTS: Readonly<Record<string, MakeInvariant>> = {
  copies,
  writes,
  allocation,
  operations,
  rest,
  ports,
  journal,
  leases,
  acknowledged,
};
