/** The containers of servers on a machine, asked of its own Docker past its network. */
import type { FleetNode } from '../fleet.ts';

export interface Found {
  readonly id: string;
  readonly serverId: string;
  /** As Docker says: `running`, `paused`, `exited`… */
  readonly state: string;
  readonly startedAt: string;
}

const FORMAT = '{{.Id}} {{index .Config.Labels "baton.server"}} {{.State.Status}} {{.State.StartedAt}}';
/** An engine that hangs tells as little as one that was killed. */
const LIST = `timeout 10 docker ps -aq --filter label=baton.server | xargs -r timeout 10 docker inspect -f '${FORMAT}'`;

export async function containersOn(machine: FleetNode): Promise<readonly Found[]> {
  const lines = (await machine.run('sh', '-c', LIST)).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [id = '', serverId = '', state = '', startedAt = ''] = line.split(' ');
    return { id, serverId, state, startedAt };
  });
}

/** Whether anything of it could go on: a container that has ended is kept for its log. */
export const isUp = ({ state }: Found): boolean => state === 'running' || state === 'paused';
