/** What a run leaves in a real engine, taken away whatever became of the run. */
import Docker from 'dockerode';

/** Removes all containers and networks of these servers. */
export async function removeFromDocker(serverIds: readonly string[]): Promise<void> {
  const docker = new Docker();
  for (const id of new Set(serverIds)) {
    const filters = { label: [`baton.server=${id}`] };
    for (const { Id } of await docker.listContainers({ all: true, filters })) {
      await docker.getContainer(Id).remove({ force: true }).catch(ignoreGone);
    }
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove().catch(ignoreGone);
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 404)) throw error;
}
