/** What of a machine an operator may choose, where he chooses nothing. */

/** Private, and outside the ranges that Docker, Kubernetes distributions and home routers hand out. */
export const DEFAULT_NETWORK_POOL = '10.213.0.0/16';
