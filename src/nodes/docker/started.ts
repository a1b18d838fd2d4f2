/** When did this engine begin? */
import type Docker from 'dockerode';
import { call } from './client.ts';

const DEFAULT_NETWORK = 'bridge';

/**
 * Docker does not say. But it makes its default network anew whenever it starts, after it has ended the containers that were
 * left of the engine before; where it is told to keep those (`live-restore`), it keeps the network as well. Null where it was
 * told to have no such network.
 *
 * @param docker one that connects anew, so that an engine that is about to end does not answer
 * @returns Unix ms by Docker's clock
 */
export async function engineStartedAt(docker: Docker, signal?: AbortSignal): Promise<number | null> {
  const filters = { name: [DEFAULT_NETWORK], driver: [DEFAULT_NETWORK] };
  const networks = await call('list networks', (abortSignal) => docker.listNetworks({ filters, abortSignal }), {
    signal,
  });
  const made = networks.find(({ Name }) => Name === DEFAULT_NETWORK)?.Created;
  return made === undefined ? null : Date.parse(made);
}
