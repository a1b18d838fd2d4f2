/** What a container uses now. */
import type Docker from 'dockerode';
import type { ContainerStats } from '../../conductor/interfaces/engine.ts';
import { call } from './client.ts';

/** Null unless it is running. Takes one to two seconds, because Docker compares two samples a second apart. */
export async function containerStats(
  docker: Docker,
  containerId: string,
  signal?: AbortSignal,
): Promise<ContainerStats | null> {
  const sample = await call<Docker.ContainerStats | null>(
    'read stats',
    // dockerode takes the signal here as everywhere; its types do not know it.
    (abortSignal) => docker.getContainer(containerId).stats({ stream: false, abortSignal } as { stream: false }),
    { signal, recover: ({ status }) => (status === 404 || status === 409 ? { value: null } : undefined) },
  );
  // Docker answers for a stopped container as well, with empty objects.
  if (sample?.memory_stats?.usage === undefined) return null;
  const networks = Object.values(sample.networks ?? {});
  return {
    ramBytes: usedBytes(sample.memory_stats),
    ramLimitBytes: sample.memory_stats.limit,
    cpu: coresUsed(sample),
    networkRxBytes: networks.reduce((sum, network) => sum + network.rx_bytes, 0),
    networkTxBytes: networks.reduce((sum, network) => sum + network.tx_bytes, 0),
  };
}

/** As `docker stats` counts: without file cache that the kernel gives back when asked (cgroup v1 and v2 name it apart). */
function usedBytes({ usage, stats }: Docker.MemoryStats): number {
  const { total_inactive_file, inactive_file } = (stats ?? {}) as Record<string, number | undefined>;
  return Math.max(0, usage - (total_inactive_file ?? inactive_file ?? 0));
}

function coresUsed({ cpu_stats: now, precpu_stats: before }: Docker.ContainerStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = now.system_cpu_usage - (before.system_cpu_usage ?? 0);
  return passed > 0 && used > 0 ? (used / passed) * now.online_cpus : 0;
}
