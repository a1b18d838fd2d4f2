import type { Resources } from '../../planner/fit.ts';
import type { ServerSpec } from './types.ts';

/** What a server keeps of its node for as long as it runs. What its spec does not limit, it keeps nothing of. */
export const demandOf = (
  { ramMb, cpu, diskMb }: Pick<ServerSpec, 'ramMb' | 'cpu' | 'diskMb'>,
  ports: number,
): Resources => ({
  ramMb,
  cpuMilli: Math.round(cpu * 1000),
  diskMb,
  ports,
});
