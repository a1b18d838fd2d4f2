/** A process that makes a machine and says where, for a test that ends it. */
import { createLocalMachine } from '../../src/clouds/local/index.ts';

const [directory = ''] = process.argv.slice(2);
const machine = await createLocalMachine({ name: 'orphan', directory, diskMb: 2_000 });
await machine.boot();
process.stdout.write(`${JSON.stringify((await machine.processes()).map(({ pid }) => pid))}\n`);
setInterval(() => undefined, 2 ** 30);
