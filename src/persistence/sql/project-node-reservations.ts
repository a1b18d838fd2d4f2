import { NODE_RESERVATIONS_PROJECTION, type NodeReservationsProjection } from '../../conductor/interfaces/stores.ts';
import type { ProjectionStatement } from './projection.ts';

/**
 * `$1` to `$7` are the columns of the rows that are given, one array each; `$8` and `$9` name those that are taken away. No row
 * is in both. A server that fails over has room on two nodes for a while.
 */
const TEXT = `
  with released as (
    delete from reservations using unnest($8::uuid[], $9::uuid[]) as gone (server_id, node_id)
    where reservations.server_id = gone.server_id and reservations.node_id = gone.node_id
  )
  insert into reservations (server_id, node_id, epoch, ram_mb, cpu_milli, disk_mb, ports)
  select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::integer[], $5::integer[], $6::integer[], $7::integer[])
  on conflict (server_id, node_id) do update
  set epoch = excluded.epoch, ram_mb = excluded.ram_mb, cpu_milli = excluded.cpu_milli, disk_mb = excluded.disk_mb,
    ports = excluded.ports`;

/** What nodes keep for servers. */
export const projectNodeReservations: ProjectionStatement = {
  name: NODE_RESERVATIONS_PROJECTION,
  async apply(client, rows) {
    const changes = rows as unknown as readonly NodeReservationsProjection[];
    const given = changes.flatMap(({ nodeId, reserved }) => reserved.map((row) => ({ ...row, nodeId })));
    const gone = changes.flatMap(({ nodeId, released }) => released.map((serverId) => ({ serverId, nodeId })));
    const values = [
      given.map(({ serverId }) => serverId),
      given.map(({ nodeId }) => nodeId),
      given.map(({ epoch }) => epoch),
      given.map(({ ramMb }) => ramMb),
      given.map(({ cpuMilli }) => cpuMilli),
      given.map(({ diskMb }) => diskMb),
      given.map(({ ports }) => ports),
      gone.map(({ serverId }) => serverId),
      gone.map(({ nodeId }) => nodeId),
    ];
    await client.query({ name: 'project-node-reservations', text: TEXT, values });
  },
};
