/** What can go wrong with machines that Baton makes. */
import { catalogue } from '../errors.ts';

export const errors = catalogue({
  local_unsupported: {
    status: 500,
    retry: 'permanent',
    message: 'Machines cannot be made out of this one: {reason}. {advice}',
  },
  machine_failed: {
    status: 502,
    retry: 'transient',
    message: 'The local machine {name} failed at "{step}": {reason}.',
  },
  no_free_machine: {
    status: 503,
    retry: 'transient',
    message: 'All {count} places for local machines are taken.',
  },
});
