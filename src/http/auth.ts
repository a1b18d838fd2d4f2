import { createHash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../actors/types.ts';
import { errors } from './errors.ts';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Who a token belongs to; null for a wrong one. Takes the same time for each wrong token. */
export type Authenticate = (token: string) => Principal | null;

/** One admin token for now, of the account that owns everything. */
export function adminToken(token: string, accountId: string): Authenticate {
  const expected = digest(token);
  const admin: Principal = { accountId, name: 'admin', admin: true };
  return (given) => (timingSafeEqual(digest(given), expected) ? admin : null);
}

/** The challenges of a 401. Pages take a browser's login too, with the token as password. */
export const challenge = (page: boolean): string => `Bearer realm="baton"${page ? ', Basic realm="baton"' : ''}`;

/**
 * Finds the caller of a request. A browser's login (Basic) is taken for pages that only read: a browser sends it along by
 * itself, so another site could otherwise have it stop servers.
 * Throws `unauthenticated`.
 */
export function principalOf(header: string, page: boolean, authenticate: Authenticate): Principal {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  const token = tokenOf(scheme.toLowerCase(), value, page);
  if (token === null) throw errors.unauthenticated({ reason: 'Send the header "Authorization: Bearer <token>".' });
  const principal = authenticate(token);
  if (principal === null) throw errors.unauthenticated({ reason: 'This token is not known.' });
  return principal;
}

function tokenOf(scheme: string, value: string, page: boolean): string | null {
  if (scheme === 'bearer') return value;
  if (scheme !== 'basic' || !page) return null;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}
