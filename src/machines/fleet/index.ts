/** What servers and nodes agree on: lease and fence, and what a container that is shown means. */
export * from './lease.ts';
export * from './reconcile.ts';
export type * from './types.ts';
