import { NEVER_LOST } from './context.ts';
import type { ServerContext, ServerSpec } from './types.ts';

type Stored = { readonly context: ServerContext; readonly [key: string]: unknown };

/** What every server was like before it could be said. */
const WAITS = { failoverPolicy: 'wait', failoverGraceSeconds: 60 } as const satisfies Partial<ServerSpec>;

/**
 * A stored snapshot of an older machine as the present one would have stored it. Version 1 knew no node that could be lost; its
 * states are all there still.
 * @throws TypeError for a version that there never was
 */
export function migrateServer(snapshot: unknown, fromVersion: string): unknown {
  if (fromVersion !== '1') throw new TypeError(`No server was ever stored by version ${fromVersion}.`);
  const stored = snapshot as Stored;
  const { epoch, spec } = stored.context;
  const context = {
    ...stored.context,
    ...NEVER_LOST,
    spec: { ...WAITS, ...spec },
    placedEpoch: epoch,
    triedEpoch: epoch,
  } satisfies ServerContext;
  return { ...stored, context };
}
