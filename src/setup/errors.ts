import { catalogue } from '../errors.ts';

/** Why Baton cannot use this machine or this directory. */
export const errors = catalogue({
  data_dir_in_use: {
    status: 500,
    retry: 'permanent',
    message:
      'Another Baton (process {pid}) uses the data directory {path}: stop it first, or set BATON_DATA_DIR to another directory.',
  },
  data_dir_not_usable: {
    status: 500,
    retry: 'permanent',
    message: 'The data directory {path} cannot be used ({reason}): make it writable for {user}, or set BATON_DATA_DIR.',
  },
  packages_not_installed: {
    status: 500,
    retry: 'permanent',
    message: 'apt-get could not install {packages}: {reason}',
  },
  docker_not_started: {
    status: 500,
    retry: 'permanent',
    message: 'The Docker engine did not start: {reason}',
  },
});
