/** Makes room on a machine's disk: images that no container uses, and logs that Docker has rotated away. */
import { call, connect } from '../docker/client.ts';
import { createDockerAgent } from './docker-agent.ts';
import { asRoot, runCommand } from './run.ts';
import type { Line } from './way.ts';

const DEADLINE_MS = 240_000;

/** Returns how many bytes became free. Throws as calls of the engine and commands do. */
export async function cleanDisk(
  { connection }: Line,
  { root, dockerSocket }: { readonly root: string; readonly dockerSocket: string },
  signal: AbortSignal,
): Promise<{ readonly freedBytes: number }> {
  const agent = createDockerAgent(() => connection.dialSocket(dockerSocket));
  try {
    const pruned = await call(
      'prune images',
      // All that no container uses, also those that have a name.
      () => connect(agent).pruneImages({ filters: { dangling: ['false'] } }),
      { signal, deadlineMs: DEADLINE_MS },
    );
    const logs = await runCommand(connection, asRoot(connection.user, 'sh -s'), {
      title: 'remove rotated logs',
      input: removeRotatedLogs(root),
      deadlineMs: DEADLINE_MS,
      signal,
    });
    return { freedBytes: (pruned.SpaceReclaimed ?? 0) + Number.parseInt(logs.stdout || '0', 10) };
  } finally {
    agent.destroy();
  }
}

/** Docker names them `<id>-json.log.1` and on, and does not mind when they are gone. */
const removeRotatedLogs = (root: string): string => `
  . ${root}/config
  find "$ENGINE_ROOT/containers" -name '*-json.log.[0-9]*' -exec stat -c %s {} + -exec rm -f {} + |
    awk '{ sum += $1 } END { printf "%.0f", sum }'
`;
