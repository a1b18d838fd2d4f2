/** At most one unfrozen copy of a server, on all machines together. */
import type { MakeInvariant } from '../world.ts';

export const copies: MakeInvariant = ({ places }, violation) => ({
  onContainers() {
    const running = new Map<string, string>();
    for (const { machine } of places) {
      for (const { serverId, epoch, frozen } of machine.boot?.engine.controls.running() ?? []) {
        if (frozen !== null) continue;
        const copy = `epoch ${epoch} on ${machine.name}`;
        const other = running.get(serverId);
        if (other !== undefined) violation(`${serverId} runs twice: ${other}, ${copy}`);
        running.set(serverId, copy);
      }
    }
  },
});
