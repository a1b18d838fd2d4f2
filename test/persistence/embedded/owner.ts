/** A process that runs an embedded database until it is killed: `node owner.ts <data directory>`. Prints the server's pid. */
import { startEmbeddedPostgres } from '../../../src/persistence/embedded/index.ts';

const [, , dataDir = ''] = process.argv;
const database = await startEmbeddedPostgres({ dataDir });
process.stdout.write(`${database.pid()}\n`);
