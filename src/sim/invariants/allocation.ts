/** What is allocated on a node is the sum of its rows, is what its actor says, and never exceeds what is usable. */

import type { Address } from '../../actors/types.ts';
import { heldOn, type NodeContext, sizeOf } from '../../machines/node/index.ts';
import { amountOf, usableRamMb } from '../../planner/index.ts';
import { type MakeInvariant, machineOf } from '../world.ts';

export const allocation: MakeInvariant = ({ tables }, violation) => {
  function check(address: Address): void {
    const id = address.slice('node/'.length);
    const row = tables.actors.get(address);
    if (row === undefined) return;
    const { context } = JSON.parse(row.snapshot) as { context: NodeContext };
    const rows = [...tables.reservations.values()].filter(({ nodeId }) => nodeId === id);
    const name = machineOf(tables, id) ?? id;
    const held = heldOn(context);
    const size = sizeOf(context);
    const usable = { ...size, ramMb: usableRamMb(size.ramMb, held.servers) };
    for (const resource of ['ramMb', 'cpuMilli', 'diskMb', 'ports'] as const) {
      const sum = rows.reduce((all, row) => all + row[resource], 0);
      const said = held[resource];
      if (sum !== said) violation(`${name} says ${amountOf(resource, said)} are reserved, its rows ${sum}`);
      const most = usable[resource];
      if (sum > most) violation(`${name} has ${amountOf(resource, sum)} reserved, and ${most} are usable`);
    }
    if (rows.length !== held.servers)
      violation(`${name} says ${held.servers} servers have room, its rows ${rows.length}`);
  }

  return {
    onCommit(turns, results) {
      for (const [index, { address }] of turns.entries()) {
        if (results[index]?.ok === true && address.startsWith('node/')) check(address);
      }
    },
  };
};
