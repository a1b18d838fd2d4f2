/**
 * What can go wrong on a machine. Every engine, real or simulated, throws these and nothing else (besides the reason of
 * an aborted signal), so that the conductor knows whether trying again can help.
 */
import { catalogue } from '../errors.ts';

export const errors = catalogue({
  engine_unavailable: {
    status: 503,
    retry: 'transient',
    message: 'The container engine cannot be reached: {reason}.',
  },
  engine_timeout: {
    status: 504,
    retry: 'transient',
    message: 'The container engine did not answer "{call}" within {seconds} seconds.',
  },
  engine_error: {
    status: 502,
    retry: 'transient',
    message: 'The container engine failed at "{call}": {reason}.',
  },
  engine_refused: {
    status: 422,
    retry: 'permanent',
    message: 'The container engine refuses "{call}": {reason}.',
  },
  image_not_found: {
    status: 422,
    retry: 'permanent',
    message: 'The image {image} was not found: {reason}.',
  },
  registry_unavailable: {
    status: 503,
    retry: 'transient',
    message: 'The registry of {image} cannot be reached: {reason}.',
  },
  port_in_use: {
    status: 409,
    retry: 'permanent',
    message: 'Port {port} of the machine is already in use.',
  },
  container_gone: {
    status: 409,
    retry: 'permanent',
    message: 'The container {container_id} is gone.',
  },
  container_not_running: {
    status: 409,
    retry: 'permanent',
    message: 'The container {container_id} is not running.',
  },
  container_name_taken: {
    status: 409,
    retry: 'permanent',
    message: 'A container named {name} is there, but it is not the one of this server, epoch and node.',
  },
  stdin_closed: {
    status: 409,
    retry: 'permanent',
    message: 'The container {container_id} was made without standard input.',
  },
  networks_exhausted: {
    status: 503,
    retry: 'transient',
    message: 'No free subnet is left in {pool} for the network of server {server_id}.',
  },
  data_dir_missing: {
    status: 409,
    retry: 'permanent',
    message: 'The data directory {path} is not there.',
  },
  data_dir_unusable: {
    status: 500,
    retry: 'permanent',
    message: 'The data directory {path} cannot be used: {reason}.',
  },
  disk_full: {
    status: 507,
    retry: 'transient',
    message: 'The disk that holds {path} is full.',
  },
  publish_address_invalid: {
    status: 422,
    retry: 'permanent',
    message: 'This machine has no address {address} to publish ports on.',
  },
  node_unreachable: {
    status: 503,
    retry: 'transient',
    message: 'The machine cannot be reached: {reason}.',
  },
  connection_lost: {
    status: 503,
    retry: 'transient',
    message: 'The connection to {address} broke off; what was under way there may or may not have been done.',
  },
  node_auth_failed: {
    status: 422,
    retry: 'permanent',
    message: 'The machine at {address} lets nobody in as {user} with the key of Baton.',
  },
  host_key_changed: {
    status: 409,
    retry: 'permanent',
    message:
      'The machine at {address} shows another host key than the one that was pinned: {found} instead of {pinned}.',
  },
  host_key_unknown: {
    status: 409,
    retry: 'permanent',
    message: 'No host key is pinned for the machine at {address}: it has not been set up yet.',
  },
  node_key_unusable: {
    status: 422,
    retry: 'permanent',
    message: 'The private key for the machine cannot be used: {reason}.',
  },
  forwarding_forbidden: {
    status: 422,
    retry: 'permanent',
    message:
      'sshd of the machine forbids connections to {to}; allow AllowTcpForwarding and AllowStreamLocalForwarding in its sshd_config.',
  },
  forwarding_failed: {
    status: 503,
    retry: 'transient',
    message: 'Nothing on the machine answers at {to}.',
  },
  bootstrap_failed: {
    status: 422,
    retry: 'permanent',
    message: 'Bootstrapping stopped at "{title}": {reason}. {advice}',
  },
  command_timeout: {
    status: 504,
    retry: 'transient',
    message: 'The machine did not finish "{command}" within {seconds} seconds.',
  },
  helper_failed: {
    status: 502,
    retry: 'transient',
    message: 'The helper of the machine failed at "{command}": {reason}.',
  },
  helper_refused: {
    status: 422,
    retry: 'permanent',
    message: 'The helper of the machine refuses: {reason}.',
  },
  stale_epoch: {
    status: 409,
    retry: 'fenced',
    message: 'The machine has seen a newer epoch: {reason}.',
  },
  world_in_use: {
    status: 409,
    retry: 'permanent',
    message: 'The world is in use: {reason}.',
  },
});
