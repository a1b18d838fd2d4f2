import type { Operation, Principal } from '../../actors/types.ts';
import type { ServerRow } from '../../conductor/interfaces/reads.ts';
import type { Conductor } from '../../conductor/types.ts';
import { errors } from '../errors.ts';
import type { SecretNames } from '../mask.ts';

/** What the routes work with. */
export interface RouteDeps {
  readonly conductor: Conductor;
  readonly secretNames: SecretNames;
  /** Waits as long as the caller prefers, and no longer than the door is open. */
  settled(operation: Operation, waitSeconds: number | null): Promise<Operation>;
}

/** Throws `not_found` when the server is not there or not the caller's; which of both is nobody's business. */
export async function ownServer(
  { conductor }: RouteDeps,
  id: string,
  principal: Principal,
  includeDeleted = true,
): Promise<ServerRow> {
  const row = await conductor.reads.server(id, { includeDeleted });
  if (row === null || !mayTouch(principal, row.ownerId)) throw errors.not_found({ kind: 'server', id });
  return row;
}

/**
 * The check before a command. A server that is gone passes, because a repeated request whose first run purged it must
 * get its operation back; the conductor refuses the others.
 */
export async function mayCommand({ conductor }: RouteDeps, id: string, principal: Principal): Promise<void> {
  if (principal.admin) return;
  const row = await conductor.reads.server(id, { includeDeleted: true });
  if (row !== null && !mayTouch(principal, row.ownerId)) throw errors.not_found({ kind: 'server', id });
}

export const mayTouch = (principal: Principal, ownerId: string | null): boolean =>
  principal.admin || principal.accountId === ownerId;

/** For routes of operators. */
export function requireAdmin(principal: Principal): void {
  if (!principal.admin) throw errors.forbidden();
}
