/** What of a machine an operator may choose, where he chooses nothing; and how long the way to a machine is waited for. */

/** Private, and outside the ranges that Docker, Kubernetes distributions and home routers hand out. */
export const DEFAULT_NETWORK_POOL = '10.213.0.0/16';

/** Where Baton keeps its script and the worlds on a machine that it reaches over SSH. */
export const DEFAULT_NODE_ROOT = '/var/lib/baton';

/** Durations in milliseconds. */
export interface SshLimits {
  /** From the first packet to being logged in; an sshd that looks names up takes seconds. */
  readonly connectMs: number;
  /** Between two questions whether the other side is there, on a connection that is otherwise quiet. */
  readonly keepAliveMs: number;
  /** So many of them without an answer end the connection. */
  readonly keepAliveMisses: number;
  /** Until a channel of an open connection is there; sshd forks for it. */
  readonly channelMs: number;
  /** A beat of the helper's session, when the caller has no shorter deadline. */
  readonly beatMs: number;
  /** A command of the helper in a channel of its own. */
  readonly commandMs: number;
  /** Adding up or moving a large world, or removing containers from a busy disk. */
  readonly slowCommandMs: number;
  /** Commands at once over one connection: sshd takes 10 sessions by default, and one carries the heartbeats. */
  readonly commandsAtOnce: number;
  /** So many calls without an answer in a row open the circuit. */
  readonly circuitFailures: number;
  /** How long it then stays open: after the first failures, after the next, and from then on. */
  readonly circuitOpenMs: readonly number[];
}

export const SSH_LIMITS: SshLimits = {
  connectMs: 10_000,
  keepAliveMs: 3_000,
  keepAliveMisses: 2,
  channelMs: 5_000,
  beatMs: 6_000,
  commandMs: 20_000,
  slowCommandMs: 120_000,
  commandsAtOnce: 6,
  circuitFailures: 3,
  circuitOpenMs: [1_000, 2_000, 5_000],
};
