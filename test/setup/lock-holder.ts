/** A process that opens a data directory, says so, and holds it until it is killed: `node lock-holder.ts <directory>`. */
import { openDataDir } from '../../src/setup/data-dir.ts';

const [, , path = ''] = process.argv;
try {
  await openDataDir(path, null);
  process.stdout.write('held\n');
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
}
