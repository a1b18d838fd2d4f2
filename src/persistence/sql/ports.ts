/** `$1`: a server. In the order of their names. */
export const PORTS_OF = `
select node_id as "nodeId", name, protocol, container_port as container, host_port as host
from ports where server_id = $1::uuid order by name`;

/** Numbers of a node that are taken, by protocol. `$1`: the node; `$2` and `$3`: the range, both ends belong to it. */
export const USED_PORTS = `
select protocol, array_agg(host_port) as numbers from ports
where node_id = $1::uuid and host_port between $2 and $3 group by protocol`;

/**
 * Gives a server (`$1`) ports on a node (`$2`), and at its home (`$7`) takes away those that it has on others; all of it or, when
 * one is somebody else's, nothing. The columns are arrays: `$3` protocols, `$4` numbers on the node, `$5` names, `$6` numbers in
 * the container.
 */
export const MOVE_PORTS = `
with left_behind as (
  delete from ports where $7::boolean and server_id = $1::uuid and node_id <> $2::uuid
)
insert into ports (server_id, node_id, protocol, host_port, name, container_port)
select $1::uuid, $2::uuid, new.* from unnest($3::text[], $4::integer[], $5::text[], $6::integer[]) as new`;

/** `$1`: a server. */
export const RELEASE_PORTS = 'delete from ports where server_id = $1::uuid';
