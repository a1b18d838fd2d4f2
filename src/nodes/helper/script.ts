/** The script as it goes to the nodes, and what tells one version of it from another. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Its text; LF at the end of lines. */
export const HELPER_SCRIPT: string = readFileSync(new URL('./baton-node', import.meta.url), 'utf8');

/** SHA-256 of {@link HELPER_SCRIPT} in hex, as `sha256sum` on the node prints it. */
export const HELPER_HASH: string = createHash('sha256').update(HELPER_SCRIPT).digest('hex');

/**
 * After the end of a lease, the longest time in ms until the watchdog has frozen every container: the rest of the turn that it
 * is in (at most a call to Docker of 1 s), its sleep between turns, the pause itself (1 s for Docker, then the kernel), and
 * room for a machine that is busy and for clocks that differ by more than the 500 ppm of the rule. See
 * docs/decisions/0007-lease-and-fence.md.
 */
export const PAUSE_BUDGET_MS = 3_000;
