/**
 * What runs in the image baton/flying-squid: one Minecraft 1.16.5 world under /data, told by the environment what it
 * is, and by standard input what to do. SIGTERM and `stop` save everything and exit 0.
 */
import readline from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const VERSION = '1.16.5';
const PORT = 25565;
/** How long leaving players may take to hang up before the world is saved without waiting for them. */
const LEAVE_MS = 2000;

const lines = readline.createInterface({ input: process.stdin });
// flying-squid draws a prompt for a person at a terminal. A container's log is read by machines, so it gets a terminal
// that draws nothing; the commands are read here.
readline.createInterface = () => ({ setPrompt() {}, prompt() {}, on() {} });
readline.cursorTo = () => true;

const { default: flyingSquid } = await import('flying-squid');

const log = (message) => process.stdout.write(`${new Date().toISOString()} ${message}\n`);

// Some of flying-squid's packet handlers reject when a player leaves in the middle; its own app.js logs those, too.
// Everything else that is thrown ends the process with a code that says so.
process.on('unhandledRejection', (error) => log(`[ERROR]: ${error?.stack ?? error}`));

const number = (name, fallback) => {
  const value = Number(process.env[name] || fallback);
  if (Number.isInteger(value)) return value;
  log(`[ERROR]: ${name} must be a whole number, not '${process.env[name]}'`);
  process.exit(64);
};

/** Before that, flying-squid answers the server list but turns players away. */
let ready = false;

const server = flyingSquid.createMCServer({
  version: VERSION,
  port: PORT,
  motd: process.env.MOTD || 'A flying-squid server',
  'max-players': number('MAX_PLAYERS', 10),
  'view-distance': number('VIEW_DISTANCE', 6),
  gameMode: number('GAME_MODE', 1),
  difficulty: number('DIFFICULTY', 1),
  generation: {
    name: process.env.LEVEL_TYPE === 'default' ? 'diamond_square' : 'superflat',
    options: { worldHeight: 80, ...(process.env.LEVEL_SEED && { seed: number('LEVEL_SEED') }) },
  },
  worldFolder: '/data/world',
  beforePing: (response, _client, answer) => answer(null, ready && response),
  'online-mode': false,
  'everybody-op': false,
  'player-list-text': { header: { text: '' }, footer: { text: '' } },
  'max-entities': 100,
  kickTimeout: 30_000,
  plugins: {},
  logging: false,
  // Without it flying-squid turns a crash into a clean exit.
  debug: () => {},
});
server.log = log;

const emitted = (name) => new Promise((resolve) => server.once(name, resolve));
await Promise.all([emitted('pluginsReady'), emitted('listening')]);

/** flying-squid writes a leaving player without waiting; the end must not come in the middle of that. */
let playersSaved = Promise.resolve();
server.on('newPlayer', (player) => {
  const save = player.save;
  player.save = () => (playersSaved = playersSaved.then(save).catch((error) => log(`[ERROR]: ${error.stack}`)));
});

/**
 * prismarine-world empties its list of changed chunks after a save, and so forgets those that changed during it. A change
 * makes a new entry: only entries that are still the same have been saved.
 */
const world = server.overworld;
world.saveNow = async () => {
  const entries = [...world.savingQueue];
  const save = ([key, { chunkX, chunkZ }]) => world.storageProvider.save(chunkX, chunkZ, world.columns[key]);
  await Promise.all(entries.map(save));
  for (const [key, entry] of entries) if (world.savingQueue.get(key) === entry) world.savingQueue.delete(key);
  for (const [key, { chunkX, chunkZ }] of world.unloadQueue) {
    if (!world.savingQueue.has(key)) world.forceUnloadColumn(key, chunkX, chunkZ);
  }
};

async function saveWorld() {
  await Promise.all(server.players.map((player) => player.save()));
  while (world.savingQueue.size > 0) await world.saveNow();
}

let stopping = false;
async function stop(why) {
  if (stopping) return;
  stopping = true;
  log(`[INFO]: ${why}: saving the world`);
  for (const player of server.players) player._client.end('Server closed');
  const givenUp = AbortSignal.timeout(LEAVE_MS);
  while (server.players.length > 0 && !givenUp.aborted) await delay(20);
  await saveWorld();
  await playersSaved;
  log('[INFO]: World saved, goodbye');
  process.exit(0);
}

server.commands.add({ base: 'stop', info: 'Save and stop', usage: '/stop', op: true, action: () => stop('stop') });
server.commands.add({
  base: 'save-all',
  info: 'Write the world to disk',
  usage: '/save-all',
  op: true,
  async action() {
    await saveWorld();
    return 'Saved the game';
  },
});
server.commands.add({
  base: 'list',
  info: 'Who is here',
  usage: '/list',
  action() {
    const names = server.players.map((player) => player.username);
    return `There are ${names.length} of a max of ${server._server.maxPlayers} players online: ${names.join(', ')}`;
  },
});
// Not by flying-squid's own handler, which ends the process when a command was badly written.
lines.on('line', async (line) => {
  if (!line.trim()) return;
  try {
    const answer = await server.commands.use(line.trim());
    if (answer) log(`[INFO]: ${answer}`);
  } catch (error) {
    log(`[ERROR]: ${error.message}`);
  }
});

// exit-hook, which flying-squid loads, would exit before the world is on disk.
await import('exit-hook');
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.removeAllListeners(signal);
  process.on(signal, () => stop(signal));
}
ready = true;
log(`[INFO]: Done! Minecraft ${VERSION} players can join on port ${PORT}`);
