import { NODE_RESERVATIONS_PROJECTION } from '../../conductor/interfaces/stores.ts';
import { toJsonb } from '../json.ts';
import type { ProjectionStatement } from './projection.ts';

/**
 * $1: JSON array of `{nodeId, reservations}`. $2: ids of nodes that are gone.
 *
 * A server that fails over has room on two nodes for a while. A node tells its whole list with each of its turns, so a row
 * that is as it was is not written again.
 */
const TEXT = `
  with lists as (
    select * from jsonb_to_recordset($1::jsonb) as list ("nodeId" uuid, reservations jsonb)
  ), held as (
    select lists."nodeId", item.*
    from lists, jsonb_to_recordset(lists.reservations)
      as item ("serverId" uuid, epoch bigint, "ramMb" integer, "cpuMilli" integer, "diskMb" integer, ports integer)
  ), released as (
    delete from reservations
    where (node_id in (select "nodeId" from lists) or node_id = any($2::uuid[]))
      and (server_id, node_id) not in (select "serverId", "nodeId" from held)
  )
  insert into reservations (server_id, node_id, epoch, ram_mb, cpu_milli, disk_mb, ports)
  select "serverId", "nodeId", epoch, "ramMb", "cpuMilli", "diskMb", ports from held
  on conflict (server_id, node_id) do update
  set epoch = excluded.epoch, ram_mb = excluded.ram_mb, cpu_milli = excluded.cpu_milli, disk_mb = excluded.disk_mb,
    ports = excluded.ports
  where (excluded.epoch, excluded.ram_mb, excluded.cpu_milli, excluded.disk_mb, excluded.ports) is distinct from
    (reservations.epoch, reservations.ram_mb, reservations.cpu_milli, reservations.disk_mb, reservations.ports)`;

/** What a node keeps for servers: its whole list replaces the one before. */
export const projectNodeReservations: ProjectionStatement = {
  name: NODE_RESERVATIONS_PROJECTION,
  async apply(client, rows, removed) {
    await client.query({ name: 'project-node-reservations', text: TEXT, values: [toJsonb(rows), removed] });
  },
};
