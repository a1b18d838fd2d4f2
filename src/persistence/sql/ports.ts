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
 * Gives servers ports on nodes, and takes others away from them (`$1` servers, `$2` nodes, `$3` numbers, in the same order); all of
 * it or, when one port is somebody else's, nothing. What was not there when the choice was made stays. The ports are columns: `$4`
 * servers, `$5` nodes, `$6` protocols, `$7` numbers on the node, `$8` names, `$9` numbers in the container.
 */
export const MOVE_PORTS = `
with left_behind as (
  delete from ports using unnest($1::uuid[], $2::uuid[], $3::integer[]) as gone (server_id, node_id, host_port)
  where ports.server_id = gone.server_id and ports.node_id = gone.node_id and ports.host_port = gone.host_port
)
insert into ports (server_id, node_id, protocol, host_port, name, container_port)
select * from unnest($4::uuid[], $5::uuid[], $6::text[], $7::integer[], $8::text[], $9::integer[])`;

/** `$1`: a server. */
export const RELEASE_PORTS = 'delete from ports where server_id = $1::uuid';
