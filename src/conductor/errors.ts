import { catalogue } from '../errors.ts';

/** What the conductor refuses or finds, and why. */
export const errors = catalogue({
  not_found: { status: 404, retry: 'permanent', message: 'There is no {kind} with the id {id}.' },
  no_data: {
    status: 422,
    retry: 'permanent',
    message: 'The world of this server is gone. Start it with `fresh: true` to make a new one, or restore a backup.',
  },
  not_fenced: {
    status: 409,
    retry: 'transient',
    message:
      'Its node may still run this server. A failover is possible as soon as it is certain that it does not; try again in a moment.',
  },
  gone: { status: 410, retry: 'permanent', message: 'This server was purged. It cannot come back.' },
  not_running: { status: 409, retry: 'permanent', message: 'The server has no running container.' },
  boot_failed: {
    status: 422,
    retry: 'permanent',
    message: 'The game ended with exit code {exit_code} before it was ready{oom}. Its last lines are in the details.',
  },
  container_vanished: { status: 409, retry: 'permanent', message: 'The container of server {id} is gone.' },
  node_unknown: { status: 500, retry: 'permanent', message: 'No node with the id {id} is connected.' },
  no_nodes: { status: 503, retry: 'transient', message: 'There is no node that servers could run on yet. Add one.' },
  no_node_large_enough: {
    status: 422,
    retry: 'permanent',
    message:
      'It needs {ram_mb} MB of RAM, {cpu} cores and {disk_mb} MB on disk; no node has that even when it is empty. The largest one, {node}, has {most_ram_mb} MB of RAM for servers.',
  },
  node_without_address: {
    status: 422,
    retry: 'permanent',
    message: 'Nobody has said how {name} is reached. Bootstrap it with a hostname and a key.',
  },
  node_exists: {
    status: 409,
    retry: 'permanent',
    message: 'There is a node called {name} already. Give this one another name, or remove the other first.',
  },
  node_not_empty: {
    status: 409,
    retry: 'permanent',
    message: '{count} containers of Baton still run on {name}. Stop their servers or move them first.',
  },
  node_has_worlds: {
    status: 409,
    retry: 'permanent',
    message:
      '{count} worlds of servers that are off still lie on {name}, of {servers}. Purge these servers first: nothing else has their worlds.',
  },
  node_is_home: {
    status: 409,
    retry: 'permanent',
    message: 'Baton itself runs on {name}, which stays a node for as long as it does. Cordon it to keep servers off.',
  },
  engine_silent: {
    status: 503,
    retry: 'transient',
    message: 'The container engine of {name} does not answer, so nobody knows what runs there.',
  },
  fence_without_proof: {
    status: 409,
    retry: 'transient',
    message:
      'The end of the lease of {name} proves nothing: nobody there would freeze its servers. Make sure that it is off before its servers start elsewhere.',
  },
  image_tag_fixed: {
    status: 400,
    retry: 'permanent',
    message: 'Baton builds the image of {template} itself, with the tag {image_tag} and no other.',
  },
  ram_too_small: {
    status: 400,
    retry: 'permanent',
    message: '{template} needs at least {min} MB of RAM; {ram_mb} MB are too few.',
  },
});
