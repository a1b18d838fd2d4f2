/** `npm run join -- 127.0.0.1:25565 --name Alex`: joins a Minecraft 1.16.5 server as a real player, and leaves. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { imagesDir } from './images/recipes.ts';
import { type Place, visit } from './player.ts';

const program = new Command('join')
  .description('Joins a Minecraft 1.16.5 server, such as flying-squid, as a player without an account.')
  .argument('<address>', 'where the server is, such as 127.0.0.1:25565', address)
  .option('--name <name>', "the player's name", 'Alex')
  .option('--seconds <seconds>', 'how long to stay', number, 5)
  .option('--say <text>', 'something to say in the chat')
  .parse();

const { name, seconds, say: words } = program.opts<{ name: string; seconds: number; say?: string }>();
const [where] = program.processedArgs as [ReturnType<typeof address>];

try {
  const cacheDir = imagesDir(resolve(process.env.BATON_DATA_DIR ?? '.baton'));
  const onSpawn = ({ x, y, z }: Place) => say(`joined as ${name}, spawned at ${x} ${y} ${z}`);
  const onHeard = (line: string) => say(`heard: ${line}`);
  await visit({ ...where, name, seconds, say: words, onSpawn, onHeard }, cacheDir, new AbortController().signal);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function address(text: string): { host: string; port: number } {
  const match = /^(?<host>.+):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (!match?.host || !match.port) throw new InvalidArgumentError('It must be <host>:<port>.');
  return { host: match.host, port: Number(match.port) };
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('It must be a number.');
  return value;
}
