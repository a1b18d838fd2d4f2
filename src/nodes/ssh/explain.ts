/** What went wrong with a connection, as an error whose sentence says what to look at. */
import type { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';

export interface SshAddress {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
}

export const addressText = ({ hostname, port }: SshAddress): string => `${hostname}:${port}`;

/**
 * Makes an error of the catalogue of what ssh2 or the system said while connecting or later.
 * @param pin the host key that was asked for; null when any would do
 */
export function explain(thrown: Error, to: SshAddress, pin: string | null, seconds: number): BatonError {
  const { level, code } = thrown as Error & { level?: unknown; code?: unknown };
  const address = addressText(to);
  const unreachable = (reason: string) => errors.node_unreachable({ reason }, { cause: thrown });
  if (level === 'client-authentication') return errors.node_auth_failed({ address, user: to.user }, { cause: thrown });
  if (level === 'client-timeout') {
    const silent = thrown.message.startsWith('Keepalive');
    return unreachable(
      silent
        ? `${address} does not answer any more`
        : `sshd at ${address} did not let Baton in within ${seconds} s; is the machine overloaded, or does a firewall drop packets`,
    );
  }
  if (pin !== null && /no matching host key/.test(thrown.message)) {
    return errors.host_key_changed({ address, found: 'none of that kind', pinned: pin }, { cause: thrown });
  }
  return unreachable(reasonOf(code, thrown.message, to));
}

function reasonOf(code: unknown, message: string, to: SshAddress): string {
  const address = addressText(to);
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${address}; is sshd running, and is ${to.port} its port`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no route to ${to.hostname}; is the machine on, and is its address right`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${to.hostname} is not known; is it spelt right, and does DNS answer`;
    case 'ETIMEDOUT':
      return `${address} does not answer; is the machine on, and does a firewall drop packets`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${address} hung up`;
    default:
      if (/identification|before handshake/.test(message)) {
        return `what listens at ${address} does not speak SSH, or hangs up at once; is ${to.port} sshd's port`;
      }
      return `${address}: ${message}`;
  }
}
