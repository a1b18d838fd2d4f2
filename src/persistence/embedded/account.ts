/**
 * As whom PostgreSQL runs. It refuses to run as root, so root hands it to an unprivileged user; anybody else runs it as
 * himself.
 */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errors } from './errors.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
/** The name that Debian's own package uses, too; its user is taken when it is there. */
const NAME = 'postgres';

/**
 * The account for the database in `directory`: whoever owns it already, so that a `postgres` user that appears later
 * changes nothing; else the user `postgres`, which is made when it is missing. Null when we are not root.
 * @throws `database_user_missing`
 */
export async function postgresAccount(directory: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(directory).then(({ uid }) => uid, ignoreMissing);
  const accounts = await readAccounts();
  const owned = accounts.find(({ uid }) => uid === owner && uid !== 0);
  return owned ?? accounts.find(({ name }) => name === NAME) ?? makeAccount();
}

async function makeAccount(): Promise<Account> {
  let reason = 'it is not in /etc/passwd afterwards';
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]);
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  const made = (await readAccounts()).find(({ name }) => name === NAME);
  if (made === undefined) throw errors.database_user_missing({ reason });
  return made;
}

async function readAccounts(): Promise<Account[]> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== '' && Number.isInteger(uid) && Number.isInteger(gid));
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
