/** The `baton` command: one request of an operator to a running Baton, or a look at this machine. */
import { enableCompileCache } from 'node:module';

// A command line is started often and lives briefly; compiling it anew each time would be half of that.
enableCompileCache();

const { run } = await import('./cli/program.ts');
process.exitCode = await run(process.argv.slice(2));
