import { catalogue } from '../../errors.ts';

/** Why the embedded PostgreSQL does not run. Each text says what to do. */
export const errors = catalogue({
  database_binaries_missing: {
    status: 500,
    retry: 'permanent',
    message:
      'There are no PostgreSQL binaries for {platform}: run `npm ci` without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.',
  },
  database_user_missing: {
    status: 500,
    retry: 'permanent',
    message:
      'PostgreSQL refuses to run as root and no user for it could be made ({reason}): run `useradd --system postgres`.',
  },
  database_setpriv_missing: {
    status: 500,
    retry: 'permanent',
    message:
      'The user {user} cannot reach {path}, and `setpriv` (util-linux), which would let PostgreSQL in, is missing: install it, or move Baton below a directory that others may enter.',
  },
  database_init_failed: {
    status: 500,
    retry: 'permanent',
    message: 'The database in {dataDir} could not be made: {reason}',
  },
  database_version: {
    status: 500,
    retry: 'permanent',
    message:
      'The database in {dataDir} was made by PostgreSQL {stored}, and this Baton carries {installed}: start the Baton that made it and dump the data, or set BATON_DATA_DIR to a new directory.',
  },
  database_start_failed: {
    status: 500,
    retry: 'transient',
    message: 'The database in {dataDir} did not start: {reason}',
  },
});
