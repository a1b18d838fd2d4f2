/**
 * Host keys as they are pinned: kind and fingerprint, such as `ssh-ed25519 SHA256:9xL…`, as `ssh-keygen -lf` prints it. A
 * machine has keys of several kinds, and which one it shows is negotiated; so a pinned one also fixes the kind.
 */
import { createHash } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';

/** How a public key is pinned. `key` is in the form of the protocol, which begins with the name of its kind. */
export function pinOf(key: Buffer): string {
  const kind = key.toString('latin1', 4, 4 + key.readUInt32BE(0));
  const fingerprint = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return `${kind} SHA256:${fingerprint}`;
}

/** What to ask a machine for, so that it shows the key that was pinned. */
export function algorithmsFor(pin: string): ServerHostKeyAlgorithm[] {
  const [kind = ''] = pin.split(' ');
  // Of an RSA key the protocol names how it signs.
  if (kind === 'ssh-rsa') return ['rsa-sha2-512', 'rsa-sha2-256'];
  return [kind as ServerHostKeyAlgorithm];
}
