import type { PlacedServer, Reads } from '../../conductor/interfaces/reads.ts';
import type { Share } from '../share.ts';
import { isUuid } from '../uuid.ts';

const PLACED = `
  select id, template, status, node_id as "nodeId", container_id as "containerId", data_exists as "dataExists", version
  from servers where deleted_at is null`;

/**
 * What sweeps compare with what they see. Every node's servers are read every few seconds, so this is plain SQL: making an
 * entity of each row costs more than all else that a sweep does.
 */
export function placedReads(shared: Share): Pick<Reads, 'placedOn' | 'placed'> {
  const placed = async (name: string, of: string, id: string): Promise<readonly PlacedServer[]> => {
    if (!isUuid(id)) return [];
    const { rows } = await shared.query<PlacedServer>({ name, text: `${PLACED} and ${of} = $1`, values: [id] });
    return rows.map((row) => ({ ...row, version: Number(row.version) }));
  };
  return {
    placedOn: (nodeId) => placed('placed-on', 'node_id', nodeId),
    placed: async (id) => (await placed('placed', 'id', id))[0] ?? null,
  };
}
