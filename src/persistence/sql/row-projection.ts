import { toJsonb } from '../json.ts';
import type { ProjectionStatement } from './projection.ts';

/** Property of the row, its column, its type. */
export type Column = readonly [property: string, column: string, type: string];

/**
 * The statement that writes one row an actor: made at its first turn, replaced by each later one, deleted when the actor gives
 * null. `updated_at` is the database's own.
 *
 * @param columns the first is the actor's id. Those of type `timestamptz` may be given in Unix milliseconds, as statecharts
 *   remember times
 */
export function rowProjection(name: string, table: string, columns: readonly Column[]): ProjectionStatement {
  const names = columns.map(([, column]) => column);
  const [id] = names;
  const properties = columns.map(([property]) => `"${property}"`).join(', ');
  const definition = columns.map(([property, , type]) => `"${property}" ${type}`).join(', ');
  const assignments = names.slice(1).map((column) => `${column} = excluded.${column}`);
  const times = columns.filter(([, , type]) => type === 'timestamptz').map(([property]) => property);

  // $1: JSON array of rows. $2: ids of actors without a row.
  const text = `
    with removed as (delete from ${table} where ${id} = any($2::uuid[]))
    insert into ${table} (${names.join(', ')}, updated_at)
    select ${properties}, now() from jsonb_to_recordset($1::jsonb) as row (${definition})
    on conflict (${id}) do update set ${assignments.join(', ')}, updated_at = excluded.updated_at`;

  const withTimes = (row: Readonly<Record<string, unknown>>): Record<string, unknown> => {
    const changed = times.filter((property) => typeof row[property] === 'number');
    return { ...row, ...Object.fromEntries(changed.map((property) => [property, new Date(Number(row[property]))])) };
  };

  return {
    name,
    async apply(client, rows, removed) {
      await client.query({ name: `project-${name}`, text, values: [toJsonb(rows.map(withTimes)), removed] });
    },
  };
}
