/** `npm start`: reads the settings, sets the machine up as far as it may, runs Baton until it is told to stop. */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { loadSettings } from '../config/settings.ts';
import { startBaton } from './baton.ts';
import { BatonError } from './errors.ts';
import { parseFault } from './faults.ts';
import { ensureDocker } from './setup/ensure-docker.ts';

const { values: args } = parseArgs({
  options: { setup: { type: 'boolean', default: true }, fault: { type: 'string' } },
  allowNegative: true,
});

try {
  const settings = loadSettings();
  const log = pino({
    level: settings.log.level,
    transport: process.stdout.isTTY ? { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } : undefined,
  });
  if (settings.node.engine !== 'simulated') {
    const docker = await ensureDocker({
      dataDir: settings.dataDir,
      mode: args.setup ? settings.setup : 'no',
      dockerHost: settings.node.dockerHost ?? null,
      say: (sentence) => log.info(sentence),
    });
    log.info(docker.detail);
  }
  const baton = await startBaton({
    settings,
    log,
    fault: args.fault === undefined ? null : parseFault(args.fault),
    leaseLost: () => process.exit(70),
  });
  log.info({ docs: `${baton.url}/docs`, token: baton.adminTokenPath }, `Baton is ready at ${baton.url}`);

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping; what is under way goes on with the next start');
    await baton.stop();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal));
} catch (error) {
  if (!(error instanceof BatonError)) throw error;
  process.stderr.write(`Baton cannot start: ${error.message}\n`);
  process.exit(1);
}
