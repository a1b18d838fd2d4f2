/** The commands and their options. What they do is loaded when one is called, so that `--help` is there at once. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { BatonError } from '../errors.ts';
import { EXIT, isUsage } from './errors.ts';

/** Runs the command line and answers the exit code: 0 done, 1 refused or failed, 2 misused, 3 Baton does not answer. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  // A reader that has seen enough, such as `head`, is no error.
  process.stdout.on('error', ({ code: reason }: NodeJS.ErrnoException) => process.exit(reason === 'EPIPE' ? 0 : 1));
  try {
    await program((result) => {
      code = typeof result === 'number' ? result : EXIT.ok;
    }).parseAsync(args, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { explain } = await import('./explain.ts');
    explain(thrown);
    if (!(thrown instanceof BatonError)) return EXIT.refused;
    if (thrown.code === 'unreachable') return EXIT.unreachable;
    return isUsage(thrown.code) ? EXIT.usage : EXIT.refused;
  }
}

type Done = (result: unknown) => void;

const connected = async () => (await import('./client.ts')).connect();
const terminal = process.stderr.isTTY === true;

function program(done: Done): Command {
  const baton = new Command('baton')
    .description('Runs game servers.')
    .addHelpText(
      'after',
      '\nIt talks to the Baton at BATON_URL (http://127.0.0.1:8080), with the token in BATON_TOKEN or in the file' +
        '\nadmin-token of BATON_DATA_DIR (./.baton).',
    )
    .exitOverride()
    .showHelpAfterError('(baton --help says more)')
    .enablePositionalOptions();
  serverCommands(baton, done);
  nodeCommands(baton, done);
  fleetCommands(baton, done);
  operationCommands(baton, done);
  json(baton.command('doctor'))
    .description('say what is missing on this machine')
    .action(async (options) => done(await (await import('./local.ts')).doctor(options)));
  json(baton.command('config'))
    .description('print every setting with its value, range and reason')
    .action(async (options) => done(await (await import('./local.ts')).config(options)));
  return baton;
}

const json = (command: Command): Command => command.option('--json', 'print JSON');

/** `--wait` is on where a person looks on. */
const waiting = (command: Command): Command =>
  json(command)
    .option('--wait', 'wait until it has ended, showing progress', terminal)
    .option('--no-wait', 'only say which operation it is');

/** What a server is made with, and may be changed to. */
const settings = (command: Command): Command =>
  command
    .option('-r, --ram <size>', 'such as 2048 (MB) or 4G', megabytes)
    .option('--cpu <cores>', 'limit; 0 is none', number)
    .option('--disk <size>', 'limit, such as 20G; 0 is none', megabytes)
    .option('-e, --env <NAME=value...>', 'a variable; may be repeated')
    .option('--plan <plan>', 'payperplay, balanced or reserved')
    .option('--tag <tag>', 'of the image');

function serverCommands(baton: Command, done: Done): void {
  const group = baton
    .command('servers')
    .alias('server')
    .description('game servers; named by id, beginning of the id, or name');
  const load = async () => ({ client: await connected(), servers: await import('./servers.ts') });

  json(group.command('ls'))
    .description('list servers')
    .option('-s, --status <a,b>', 'only with one of these statuses')
    .option('-n, --name <part>', 'only with this in the name')
    .option('-a, --all', 'deleted ones too')
    .action(async (options) => {
      const { client, servers } = await load();
      done(await servers.list(client, options));
    });

  json(group.command('show <server>'))
    .description('print everything about one, such as why it failed')
    .action(async (ref, options) => {
      const { client, servers } = await load();
      done(await servers.show(client, ref, options));
    });
  json(baton.command('templates').description('kinds of servers').command('ls', { isDefault: true }))
    .description('list templates')
    .action(async (options) => {
      const { client, servers } = await load();
      done(await servers.templates(client, options));
    });

  settings(waiting(group.command('create <name>')))
    .description('create a server, and start it')
    .requiredOption('-t, --template <id>', 'what kind of server')
    .option('--accept-eula', "accept the licence of the game, in its maker's words")
    .option('--failover <policy>', 'when its node is lost: wait, or fresh (start elsewhere with an empty world)')
    .option('--failover-grace <seconds>', 'how long fresh waits for a lost node', number)
    .option('--no-start', 'do not start it yet')
    .action(async (name, options) => {
      const { client, servers } = await load();
      done(await servers.create(client, name, options));
    });

  const command = (name: string, description: string, shape: (command: Command) => Command = (same) => same) =>
    shape(waiting(group.command(`${name} <server>`)).description(description))
      .option('--queue', 'wait for the running operation instead of being refused')
      .action(async (ref, options) => {
        const { client, servers } = await load();
        if (name === 'rm' || name === 'purge') done(await servers.remove(client, ref, name === 'purge', options));
        else done(await servers.command(client, name, ref, options));
      });
  const stopping = (one: Command) =>
    one
      .option('--grace <seconds>', 'between the stop signal and the kill', number)
      .option('--announce <text>', 'told to the players; empty for nothing');

  command('start', 'start', (one) => one.option('--fresh', 'begin a new world where the old one is gone'));
  command('stop', 'tell the players, save, stop', stopping);
  command('restart', 'stop and start as one operation', stopping);
  command('kill', 'kill at once, without saving');
  command('rebuild', 'make its container again from a fresh image, with its data, ports and settings', (one) =>
    one.option('--tag <tag>', 'another tag of the image'),
  );
  command('failover', 'give up its lost node and start it elsewhere, with the data that was put there', (one) =>
    one.option('--fresh', 'with an empty world').option('--node <node>', 'on this one'),
  );
  command('rm', 'delete; can be taken back with undelete', (one) => one.option('--stop', 'stop it first if it runs'));
  command('undelete', 'take back a deletion');
  command('purge', 'remove a deleted server for good', (one) =>
    one.option('--keep-data', 'leave the world on its node, put aside'),
  );

  settings(waiting(group.command('configure <server>')))
    .description('change settings; what a running one takes up only after a restart is kept for that')
    .option('--name <name>', 'another name')
    .option('--unset <NAME...>', 'a variable that goes; may be repeated')
    .option('--queue', 'wait for the running operation instead of being refused')
    .action(async (ref, options) => {
      const { client, servers } = await load();
      done(await servers.configure(client, ref, options));
    });

  json(group.command('exec <server> <command...>'))
    .description('run a console command in the game')
    .passThroughOptions()
    .action(async (ref, words, options) => {
      const { client, servers } = await load();
      done(await servers.exec(client, ref, words, options));
    });
  json(group.command('logs <server>'))
    .description('print the last lines of the console')
    .option('-n, --lines <count>', 'how many', '100')
    .option('-f, --follow', 'go on as they come')
    .action(async (ref, options) => {
      const { client, servers } = await load();
      done(await servers.logs(client, ref, options));
    });
  json(group.command('history <server>'))
    .description('print its journal: every step that it has taken')
    .action(async (ref, options) => {
      const { client, servers } = await load();
      done(await servers.history(client, ref, options));
    });
  json(group.command('watch [server]'))
    .description('print what happens, to one server or to all')
    .action(async (ref, options) => done(await (await import('./live.ts')).watch(await connected(), ref, options)));
}

function fleetCommands(baton: Command, done: Done): void {
  const load = async () => ({ client: await connected(), fleet: await import('./fleet.ts') });

  json(baton.command('fleet'))
    .description('what the machines have, and how much of it is reserved')
    .action(async (options) => {
      const { client, fleet } = await load();
      done(await fleet.showFleet(client, options));
    });
  json(baton.command('queue'))
    .description('servers that wait for room, in their order')
    .action(async (options) => {
      const { client, fleet } = await load();
      done(await fleet.showQueue(client, options));
    });
  json(baton.command('placements').description('where servers go').command('explain'))
    .description('where a new server would go, and why not elsewhere')
    .requiredOption('-r, --ram <size>', 'such as 2048 (MB) or 4G', megabytes)
    .option('--cpu <cores>', 'that it asks for', number)
    .option('--disk <size>', 'such as 20G', megabytes)
    .option('-l, --label <name=value...>', 'that the node must have; may be repeated')
    .action(async (options) => {
      const { client, fleet } = await load();
      done(await fleet.explainPlacement(client, options));
    });
}

function nodeCommands(baton: Command, done: Done): void {
  const group = baton
    .command('nodes')
    .alias('node')
    .description('machines of the fleet; named by name, id, or beginning of the id');
  const load = async () => ({ client: await connected(), nodes: await import('./nodes.ts') });

  json(group.command('ls', { isDefault: true }))
    .description('list nodes')
    .action(async (options) => {
      const { client, nodes } = await load();
      done(await nodes.listNodes(client, options));
    });
  group
    .command('show <node>')
    .description('print everything about one, as JSON')
    .action(async (ref) => {
      const { client, nodes } = await load();
      done(await nodes.showNode(client, ref));
    });
  waiting(group.command('add <hostname>'))
    .description('add a machine: installs what is missing on it, and makes it ready')
    .requiredOption('-k, --key-file <file>', 'private key that logs in to it')
    .option('--name <name>', 'what it is called; default is its host name')
    .option('-u, --user <user>', 'who logs in; default is root')
    .option('-p, --port <port>', 'of its sshd; default is 22', number)
    .option('--kind <kind>', 'dedicated or spare')
    .option('-l, --label <name=value...>', 'may be repeated')
    .option('--system', 'takes no servers')
    .option('--docker-host <address>', 'where Docker listens on it, as unix:///run/docker.sock')
    .option('--root <directory>', "for Baton's script and the worlds on it")
    .action(async (hostname, options) => {
      const { client, nodes } = await load();
      done(await nodes.addNode(client, hostname, options));
    });
  waiting(group.command('bootstrap <node>'))
    .description('set it up again')
    .option('-k, --key-file <file>', 'another private key from now on')
    .action(async (ref, options) => {
      const { client, nodes } = await load();
      done(await nodes.bootstrapNode(client, ref, options));
    });
  waiting(group.command('rm <node>'))
    .description('forget one that is dead or gone; it is cleaned up if it ever answers again')
    .action(async (ref, options) => {
      const { client, nodes } = await load();
      done(await nodes.removeNode(client, ref, options));
    });
  const commands = {
    cordon: 'take no new servers',
    uncordon: 'take new servers again',
    drain: 'take no new servers, and say what holds it',
    undrain: 'stop draining',
    sync: 'read its inventory again, and put away what should not be there',
    decommission: 'give it back once it is empty',
  };
  for (const [name, description] of Object.entries(commands)) {
    waiting(group.command(`${name} <node>`))
      .description(description)
      .action(async (ref, options) => {
        const { client, nodes } = await load();
        done(await nodes.nodeCommand(client, name, ref, options));
      });
  }
}

function operationCommands(baton: Command, done: Done): void {
  const group = baton.command('ops').description('operations: commands that were taken');
  const load = async () => ({ client: await connected(), operations: await import('./operations.ts') });

  json(group.command('ls', { isDefault: true }))
    .description('list operations, the newest first')
    .option('-s, --status <status>', 'running, succeeded, failed or cancelled')
    .option('-n, --limit <count>', 'how many', '20')
    .action(async (options) => {
      const { client, operations } = await load();
      done(await operations.listOperations(client, options));
    });
  json(group.command('show <id>'))
    .description('show one')
    .action(async (id, options) => {
      const { client, operations } = await load();
      done(await operations.showOperation(client, id, options));
    });
  json(group.command('wait <id>'))
    .description('wait until it has ended')
    .action(async (id, options) => {
      const { client, operations } = await load();
      done(await operations.waitForOperation(client, id, options));
    });
  waiting(group.command('cancel <id>'))
    .description('cancel it; what it has done is undone where possible')
    .action(async (id, options) => {
      const { client, operations } = await load();
      done(await operations.cancelOperation(client, id, options));
    });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function megabytes(text: string): number {
  const [, digits, unit = 'M'] = /^(\d+(?:\.\d+)?)\s*([MG])?B?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It must be a size such as 2048 or 4G.');
  return Math.round(Number(digits) * (unit.toUpperCase() === 'G' ? 1024 : 1));
}
