/** The script as it goes to the nodes, and what tells one version of it from another. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Its text; LF at the end of lines. */
export const HELPER_SCRIPT: string = readFileSync(new URL('./baton-node', import.meta.url), 'utf8');

/** SHA-256 of {@link HELPER_SCRIPT} in hex, as `sha256sum` on the node prints it. */
export const HELPER_HASH: string = createHash('sha256').update(HELPER_SCRIPT).digest('hex');
