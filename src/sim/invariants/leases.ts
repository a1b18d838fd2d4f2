/** At most one process writes: what another one commits after the shards have changed hands is refused. */
import type { MakeInvariant } from '../world.ts';

export const leases: MakeInvariant = ({ tables }, violation) => ({
  onCommit(turns, results) {
    for (const [index, { address, shard, epoch }] of turns.entries()) {
      const owned = tables.shards.get(shard)?.epoch;
      if (results[index]?.ok === true && owned !== epoch) {
        violation(`${address} was written under epoch ${epoch}, and its shard has epoch ${owned}`);
      }
    }
  },
});
