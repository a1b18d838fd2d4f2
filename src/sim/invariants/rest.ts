/**
 * After healing nothing is stuck, and nothing lies: no state that should pass, nobody's messages, no row that says
 * something else than the machines do.
 */

import type { ServerRow } from '../../conductor/interfaces/reads.ts';
import type { ServerContext } from '../../machines/server/index.ts';
import type { Tables } from '../store/tables.ts';
import { type MakeInvariant, machineOf, type World } from '../world.ts';

/** States in which a server may be for ever, with the inner ones. */
const LASTING = /^(running\.healthy|stopped|sleeping|missing|failed|deleted\.kept)$/;

/** Effects that live as long as their state. */
const LASTING_EFFECTS = new Set(['monitor', 'heartbeat']);

/** Why the world is not at rest; an empty list when it is. */
export function unrest({ tables, users, host }: World): string[] {
  const why: string[] = [];
  const [process, ...others] = host.processes();
  if (process?.baton?.healthy() !== true || others.length > 0) why.push('Baton does not serve');
  if (users.open() > 0) why.push(`${users.open()} users wait for an answer`);
  for (const { id, status, target } of tables.operations.values()) {
    if (status === 'running') why.push(`operation ${id} of ${target} runs`);
  }
  for (const { id, status, statusDetail } of tables.servers.values()) {
    const state = statusDetail === null ? status : `${status}.${statusDetail}`;
    if (!LASTING.test(state)) why.push(`server ${id} is ${state}`);
  }
  for (const { id, receiver } of tables.messages.values()) why.push(`message ${id} waits for ${receiver}`);
  for (const { serverId, nodeId } of tables.reservations.values()) {
    if (!holdsRoom(tables, serverId, nodeId))
      why.push(`${machineOf(tables, nodeId)} holds room for ${serverId}, which does not know of it`);
  }
  for (const own of tables.effects.values()) {
    for (const { id, name } of own.values()) if (!LASTING_EFFECTS.has(name)) why.push(`effect ${name} ${id} runs`);
  }
  return why;
}

/** Whether the server itself says that it has room on this node. */
function holdsRoom({ actors }: Tables, serverId: string, nodeId: string | null): boolean {
  const actor = actors.get(`server/${serverId}`);
  if (actor === undefined) return false;
  const { context } = JSON.parse(actor.snapshot) as { context: ServerContext };
  return context.reserved && context.nodeId === nodeId;
}

export const rest: MakeInvariant = (world, violation) => {
  const { tables, places } = world;

  function compare({ id, status, containerId, nodeId }: ServerRow): void {
    const found = places.flatMap(({ machine }) =>
      (machine.boot?.engine.controls.running() ?? [])
        .filter(({ serverId }) => serverId === id)
        .map((container) => ({ ...container, machine })),
    );
    if (status === 'running') {
      const [copy] = found;
      const isRight = found.length === 1 && copy?.id === containerId && copy.machine.name === machineOf(tables, nodeId);
      const shown = found.map((one) => `${one.id} on ${one.machine.name}`).join(', ');
      if (!isRight) violation(`${id} runs as ${containerId} by its row, and there is: ${shown || 'nothing'}`);
      else if (copy?.frozen !== null) violation(`${id} runs by its row and is frozen by the ${copy?.frozen}`);
    } else if (status !== 'failed' && found.length > 0) {
      violation(`${id} is ${status} by its row, and ${found.map((one) => one.id).join(', ')} runs`);
    }
  }

  /** Who says that he has room has it. */
  function checkRoom(): void {
    const held = new Set([...tables.reservations.values()].map(({ serverId, nodeId }) => `${serverId} ${nodeId}`));
    for (const { id, nodeId } of tables.servers.values()) {
      if (holdsRoom(tables, id, nodeId) && !held.has(`${id} ${nodeId}`))
        violation(`${id} believes that it has room on ${machineOf(tables, nodeId)}, which holds none for it`);
    }
  }

  return {
    atEnd() {
      for (const why of unrest(world)) violation(`after healing, ${why}`);
      for (const row of tables.servers.values()) compare(row);
      checkRoom();
      for (const letter of tables.deadLetters.values()) {
        violation(`${letter.event.type} for ${letter.address} is a dead letter: ${letter.error.message}`);
      }
      for (const { address, quarantined } of tables.actors.values()) {
        if (quarantined !== null) violation(`${address} is quarantined: ${quarantined.message}`);
      }
    },
  };
};
