/** No two servers of a machine have the same port by their rows. What runs cannot: the engine refuses it, as Docker does. */
import { portKey } from '../../conductor/interfaces/engine.ts';
import type { MakeInvariant } from '../world.ts';

export const ports: MakeInvariant = ({ tables }, violation) => ({
  onCommit(turns) {
    if (!turns.some(({ address }) => address.startsWith('server/'))) return;
    const owners = new Map<string, string>();
    for (const { id, nodeId, ports: own, status } of tables.servers.values()) {
      // One that is being purged has given its ports back before its row is gone.
      if (nodeId === null || status === 'purging') continue;
      for (const { protocol, host } of own) {
        const key = `${nodeId} ${portKey(protocol, host)}`;
        const other = owners.get(key);
        if (other !== undefined) violation(`${other} and ${id} both have ${portKey(protocol, host)}`);
        owners.set(key, id);
      }
    }
  },
});
