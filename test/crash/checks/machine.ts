/** Rows against the machine: containers, networks and worlds. */
import type { Evidence } from '../evidence.ts';
import type { SeenContainer } from '../machine.ts';

/** States in which a server may stay for as long as nobody asks for anything. */
const LASTING = new Set(['running', 'stopped', 'sleeping', 'missing', 'failed', 'deleted']);

export function* settled({ servers }: Evidence): Iterable<string> {
  for (const { id, status, status_detail } of servers) {
    const removing = status === 'deleted' && status_detail !== 'kept';
    if (!LASTING.has(String(status)) || removing) yield `server ${id} is still ${status}.${status_detail}`;
  }
}

/** One container runs for a server that runs, of its epoch; none runs for any other, and what is purged left none. */
export function* containersAgree(evidence: Evidence): Iterable<string> {
  const { servers, containers } = evidence;
  const known = new Set(servers.map(({ id }) => id));
  for (const { id, serverId } of containers) {
    if (!known.has(serverId)) yield `container ${id} belongs to server ${serverId}, which is not there`;
  }
  for (const server of servers) {
    const own = containers.filter(({ serverId }) => serverId === server.id);
    const name = `server ${server.id} (${server.status}, epoch ${server.epoch})`;
    const list = own.map(shown).join(', ') || 'none';
    if (server.status === 'running') {
      const right = own.length === 1 && own[0]?.running && own[0].id === server.container_id;
      if (!right) yield `${name} should have the running container ${server.container_id}; there is ${list}`;
      else if (own[0]?.epoch !== server.epoch && !isReverted(evidence, String(server.id))) {
        yield `${name} runs in a container of another epoch: ${list}`;
      }
    } else if (server.status === 'deleted' || server.status === 'missing') {
      if (own.length > 0) yield `${name} should have no container; there is ${list}`;
    } else {
      const mayRun = server.status === 'failed' && isReserved(evidence, String(server.id));
      if (own.some(({ running }) => running) && !mayRun) yield `${name} should not run; there is ${list}`;
      if (own.length > 1) yield `${name} should have one container at most; there is ${list}`;
    }
  }
}

/** A rebuild that failed has its old container back, whose epoch is the one from before. */
const isReverted = ({ journal }: Evidence, id: string): boolean =>
  journal.some(({ address, event }) => address === `server/${id}` && event === 'revert done');

const shown = ({ id, epoch, running }: SeenContainer): string =>
  `${id.slice(-24)} (epoch ${epoch}${running ? ', running' : ''})`;

const isReserved = ({ actors }: Evidence, id: string): boolean =>
  actors.find(({ address }) => address === `server/${id}`)?.snapshot.context.reserved === true;

/** A network is there for as long as a container of its server is. */
export function* networksAgree({ networks, containers }: Evidence): Iterable<string> {
  if (networks === null) return;
  for (const serverId of new Set(networks)) {
    const count = networks.filter((id) => id === serverId).length;
    if (count > 1) yield `server ${serverId} has ${count} networks`;
    if (!containers.some((one) => one.serverId === serverId)) yield `a network of server ${serverId} was left behind`;
  }
}

/** The worlds of servers that are there are there, with all that was put into them; those that were purged are gone. */
export function* worldsKept(
  { servers, worlds, actors, asked, notes }: Evidence,
  used: Iterable<string>,
): Iterable<string> {
  const known = new Set(servers.map(({ id }) => String(id)));
  for (const { id, status, data_exists } of servers) {
    const world = worlds.get(String(id));
    const { startedAt, dataLost } = contextOf(actors, String(id));
    if (startedAt === null) continue;
    if (!world?.files.some((file) => file.endsWith('level.dat'))) yield `server ${id} (${status}) has lost its world`;
    if (data_exists !== true || dataLost) yield `server ${id} (${status}) has a world and does not know it`;
  }
  for (const id of used) {
    const kept = known.has(id) || asked.some(({ ask }) => ask.path === `/api/servers/${id}/purge?keep_data=true`);
    if (known.has(id) && worlds.get(id)?.mark !== id) yield `the world of server ${id} was made anew`;
    if (!kept && worlds.has(id)) yield `server ${id} was purged, and its world was not`;
  }
  for (const id of worlds.keys()) {
    const existed = notes.some(({ address }) => address === `server/${id}`);
    if (!existed) yield `there is a world of server ${id}, which never was`;
  }
}

function contextOf(actors: Evidence['actors'], id: string): { startedAt: number | null; dataLost: boolean } {
  const context = actors.find(({ address }) => address === `server/${id}`)?.snapshot.context;
  return { startedAt: context?.startedAt ?? null, dataLost: context?.dataLost === true };
}
