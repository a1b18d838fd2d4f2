/**
 * No write is accepted from a copy that has lost its epoch: neither once a newer one has begun to run elsewhere, nor once
 * the server's row says that its place is another machine. On one machine a rebuild may go back to the copy before.
 */
import { type MakeInvariant, machineOf } from '../world.ts';

export const writes: MakeInvariant = ({ places, tables }, violation) => {
  /** The newest epoch of each server that has ever run, and where. */
  const newest = new Map<string, { readonly epoch: number; readonly machine: string }>();
  return {
    onContainers() {
      for (const { machine } of places) {
        for (const { serverId, epoch, frozen } of machine.boot?.engine.controls.running() ?? []) {
          if (frozen !== null || epoch <= (newest.get(serverId)?.epoch ?? 0)) continue;
          newest.set(serverId, { epoch, machine: machine.name });
        }
      }
    },
    onWrite(machine, { serverId, epoch }) {
      const seen = newest.get(serverId);
      if (seen !== undefined && epoch < seen.epoch && seen.machine !== machine) {
        violation(`${serverId} epoch ${epoch} wrote on ${machine}, and epoch ${seen.epoch} has run on ${seen.machine}`);
      }
      const row = tables.servers.get(serverId);
      const home = machineOf(tables, row?.nodeId ?? null);
      if (row === undefined || home === null || home === machine || epoch >= row.epoch) return;
      violation(`${serverId} epoch ${epoch} wrote on ${machine}, and its place is ${home} since epoch ${row.epoch}`);
    },
  };
};
