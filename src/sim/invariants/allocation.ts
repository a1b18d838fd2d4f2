/** What is allocated on a node is the sum of its rows, is what its actor says, and never exceeds what is usable. */

import type { Address } from '../../actors/types.ts';
import { heldOn, type NodeContext } from '../../machines/node/index.ts';
import { usableRamMb } from '../../planner/index.ts';
import { type MakeInvariant, machineOf } from '../world.ts';

export const allocation: MakeInvariant = ({ tables }, violation) => {
  function check(address: Address): void {
    const id = address.slice('node/'.length);
    const row = tables.actors.get(address);
    if (row === undefined) return;
    const { context } = JSON.parse(row.snapshot) as { context: NodeContext };
    const rows = [...tables.reservations.values()].filter(({ nodeId }) => nodeId === id);
    const sum = rows.reduce((mb, { ramMb }) => mb + ramMb, 0);
    const name = machineOf(tables, id) ?? id;
    const { ramMb: held, servers } = heldOn(context);
    if (sum !== held) violation(`${name} says ${held} MB are reserved, its rows ${sum} MB`);
    // What was given stays given when it turns out to be smaller, as one that has never answered.
    const usable = usableRamMb(context.ramMb, servers);
    if (sum > usable) violation(`${name} has ${sum} MB reserved of ${usable} MB usable`);
  }

  return {
    onCommit(turns, results) {
      for (const [index, { address }] of turns.entries()) {
        if (results[index]?.ok === true && address.startsWith('node/')) check(address);
      }
    },
  };
};
