/** `npm run fleet`: machines to try Baton on, made out of this one. They are there until Ctrl-C. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { bootLocalMachines } from './machines.ts';
import { checkLocalSupport } from './support.ts';

const program = new Command('fleet')
  .description('Makes machines out of this one, each with its own network, Docker and sshd, to try a fleet at home.')
  .option('--nodes <count>', 'how many', whole, 3)
  .option('--disk-mb <mb>', 'size of the disk of each', whole, 20_000)
  .parse();

const { nodes: count, diskMb } = program.opts<{ nodes: number; diskMb: number }>();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  await checkLocalSupport();
  // A signal alone keeps no process alive; an open channel does.
  const alive = new BroadcastChannel('until Ctrl-C');
  const asked = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const directory = await mkdtemp(join(tmpdir(), 'baton-fleet-'));
  try {
    say(`Booting ${count} machines …`);
    const machines = await bootLocalMachines({ count, directory, diskMb });
    say('They are on. Add them to a running Baton, each with one line:\n');
    for (const { name, hostname, sshPort, user, keyFile } of machines) {
      say(`  npx baton nodes add ${hostname} --name ${name} --user ${user} --port ${sshPort} --key-file ${keyFile}`);
    }
    say('\nPull the cable of one, and plug it in again:\n');
    for (const { name, link } of machines) say(`  ip link set ${link} down; ip link set ${link} up   # ${name}`);
    say('\nCtrl-C switches them off and removes them.');
    await asked;
    say('\nRemoving them …');
    for (const machine of machines) await machine.remove();
  } finally {
    alive.close();
    await rm(directory, { recursive: true, force: true });
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
