/** What was acknowledged is there, as long as it is kept, and once; and what has ended stays as it ended. */
import type { MakeInvariant } from '../world.ts';

export const acknowledged: MakeInvariant = ({ tables, users }, violation) => {
  const ended = new Map<string, string>();
  function check(): void {
    for (const { key, operationId, target } of users.acknowledged.values()) {
      const row = tables.operations.get(operationId);
      if (row === undefined) violation(`${key} was acknowledged as ${operationId}, which is not there`);
      else if (row.target !== target) violation(`${operationId} is of ${row.target}, and was said to be of ${target}`);
      else if (!tables.journal.has(row.target)) violation(`${target} was acknowledged and is not there`);
    }
    // Each wish for a server has a name of its own: two of one name are one wish that was taken twice.
    const names = new Set<string>();
    for (const { id, name } of tables.servers.values()) {
      if (names.has(name)) violation(`${id} is another server for "${name}"`);
      names.add(name);
    }
    for (const { id, status } of tables.operations.values()) {
      if (status === 'running') continue;
      const before = ended.get(id);
      if (before !== undefined && before !== status) violation(`${id} ended ${before}, then ${status}`);
      ended.set(id, status);
    }
  }
  return { onSecond: check, atEnd: check };
};
