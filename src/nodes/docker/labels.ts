/**
 * How a container says whose it is. Labels, not names, are what Baton trusts: a name can be given to anything, and
 * several nodes (or test runs) may share one engine.
 */
export const LABELS = {
  server: 'baton.server',
  epoch: 'baton.epoch',
  node: 'baton.node',
} as const;

export type Labels = Readonly<Record<string, string>>;

/** The three facts that every container of Baton carries. */
export interface Identity {
  readonly serverId: string;
  readonly epoch: number;
  readonly nodeId: string;
}

export const containerName = (serverId: string, epoch: number): string => `baton-${serverId}-${epoch}`;
export const networkName = (serverId: string): string => `baton-${serverId}`;

export function labelsOf(identity: Identity): Record<string, string> {
  return {
    [LABELS.server]: identity.serverId,
    [LABELS.epoch]: String(identity.epoch),
    [LABELS.node]: identity.nodeId,
  };
}

/** Whose it is, or null when it is not Baton's: a label is missing or the epoch is no number. */
export function identityOf(labels: Labels | null | undefined): Identity | null {
  const serverId = labels?.[LABELS.server];
  const nodeId = labels?.[LABELS.node];
  const epoch = Number(labels?.[LABELS.epoch] ?? Number.NaN);
  if (serverId === undefined || nodeId === undefined || !Number.isSafeInteger(epoch)) return null;
  return { serverId, epoch, nodeId };
}

/** The filter by which Docker lists only what belongs to this node. */
export const nodeFilter = (nodeId: string): string[] => [LABELS.server, `${LABELS.node}=${nodeId}`];
