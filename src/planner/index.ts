/** Where servers go: the fleet's capacity in shared memory, and the threads that plan in it. */
export type { Ask } from './ask.ts';
export { type Obstacle, type Score, sentence } from './explain.ts';
export {
  amountOf,
  fits,
  freeFor,
  type Held,
  heldBy,
  lacking,
  PLENTY,
  type Resource,
  type Resources,
  systemReserveMb,
  usableRamMb,
} from './fit.ts';
export { createFleetMemory, type FleetMemory } from './fleet-memory.ts';
export type { NodeState } from './layout.ts';
export { PLANNER_LIMITS, type PlannerLimits } from './limits.ts';
export { createInlinePlanner, createPlanner, type Planner, type PlannerParts, type Verdict } from './planner.ts';
export { STRATEGIES, type Strategy } from './strategies.ts';
export type { WhatIf } from './what-if.ts';
