/** `$1`: a server. In the order of their names. */
export const PORTS_OF = `
select node_id as "nodeId", name, protocol, container_port as container, host_port as host
from ports where server_id = $1::uuid order by name`;

/**
 * All that a choice is made from, in one go: what the server (`$1`) has on any node, and which ports of the node (`$2`) between
 * `$3` and `$4` somebody has, as runs of numbers: the lowest free one is always taken, so there are few, however many servers.
 */
export const PORTS_TO_CHOOSE = `
select (
  select coalesce(json_agg(json_build_object('nodeId', node_id, 'name', name, 'protocol', protocol,
    'container', container_port, 'host', host_port) order by name), '[]')
  from ports where server_id = $1::uuid
) as held, (
  select coalesce(json_agg(json_build_object('protocol', protocol, 'from', low, 'to', high)), '[]')
  from (
    select protocol, min(host_port) as low, max(host_port) as high
    from (
      select protocol, host_port, host_port - row_number() over (partition by protocol order by host_port) as run
      from ports where node_id = $2::uuid and host_port between $3 and $4
    ) as numbered
    group by protocol, run
  ) as runs
) as used`;

/**
 * Gives servers ports on nodes, and takes away those that servers (`$1`) have elsewhere than at their homes (`$2`, in the same
 * order); all of it or, when one port is somebody else's, nothing. The ports are columns: `$3` servers, `$4` nodes, `$5` protocols,
 * `$6` numbers on the node, `$7` names, `$8` numbers in the container.
 */
export const MOVE_PORTS = `
with left_behind as (
  delete from ports using unnest($1::uuid[], $2::uuid[]) as home (server_id, node_id)
  where ports.server_id = home.server_id and ports.node_id <> home.node_id
)
insert into ports (server_id, node_id, protocol, host_port, name, container_port)
select * from unnest($3::uuid[], $4::uuid[], $5::text[], $6::integer[], $7::text[], $8::integer[])`;

/** `$1`: a server. */
export const RELEASE_PORTS = 'delete from ports where server_id = $1::uuid';
