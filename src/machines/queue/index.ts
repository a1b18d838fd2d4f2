/** The queue's statechart, as the conductor's room uses it. */
export { hasOffer, isOpenToOffers, isToBeHeld } from './book.ts';
export { QUEUE_LIMITS, type QueueLimits } from './limits.ts';
export { createQueueMachine, QUEUE_MACHINE_VERSION, type QueueMachine } from './machine.ts';
export { etaOf, grouped, ranked } from './order.ts';
export type * from './types.ts';
