/**
 * Every number and name that an operator may change, nested by the room that reads it: default, range and reason.
 * `baton config` prints this file. Rooms never import it; `main.ts` hands each room its part.
 */
import { isAbsolute, resolve } from 'node:path';
import { DEFAULT_NETWORK_POOL } from '../src/nodes/limits.ts';
import { ACTOR_SETTINGS, RETENTION_SETTINGS } from './actors.ts';
import { CONDUCTOR_SETTINGS } from './conductor.ts';
import { errors } from './errors.ts';
import { FLEET_SETTINGS, fleetFaults } from './fleet.ts';
import { QUEUE_SETTINGS } from './queue.ts';
import { type LoadedSettings, readSettings } from './read.ts';
import { SERVER_SETTINGS } from './server.ts';
import { oneOf, optionalText, portRange, text, type Values, whole } from './setting.ts';

const ANY = /^.+$/s;
/** Servers' worlds are mounted from this machine's disk, so an engine elsewhere could not find them. */
const LOCAL_ENGINE = /^(unix:\/\/.+|(tcp|http):\/\/(127(\.\d{1,3}){3}|\[::1\]|localhost)(:\d+)?\/?)$/;
const NEVER = /^(?!)/;
const HOST = /^[A-Za-z0-9.:_-]+$/;

const simulatedMs = (name: string, fallback: number, reason: string) =>
  whole(`BATON_SIMULATED_${name}_MS`, fallback, [0, 600_000], 'ms', reason);

export const SETTINGS = {
  dataDir: text(
    'BATON_DATA_DIR',
    './.baton',
    ANY,
    'a path',
    'Everything that Baton keeps: the embedded database, the worlds, the admin token. Back this directory up.',
  ),
  setup: oneOf(
    'BATON_SETUP',
    ['ask', 'yes', 'no'],
    'ask',
    'Whether Baton may install and start what the machine lacks; ask means: on a terminal, else yes for root on Debian.',
  ),
  log: {
    level: oneOf(
      'BATON_LOG_LEVEL',
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'info',
      'Info tells what an operator did and what went wrong; debug adds every turn.',
    ),
  },
  http: {
    host: text(
      'BATON_HTTP_HOST',
      '127.0.0.1',
      HOST,
      'an address or a host name',
      'Only this machine by default, because the admin token would travel unencrypted; put a TLS proxy before it.',
    ),
    port: whole('BATON_HTTP_PORT', 8080, [0, 65_535], 'port', 'The API and the live events; 0 takes a free one.'),
    adminToken: optionalText(
      'BATON_ADMIN_TOKEN',
      /^[\x21-\x7e]{16,512}$/,
      '16 to 512 printable characters without spaces',
      'Set it where secrets are handed in from outside; else one is made at the first start.',
      { secret: true },
    ),
    bodyBytesMax: whole(
      'BATON_HTTP_BODY_BYTES_MAX',
      1_048_576,
      [1_024, 67_108_864],
      'bytes',
      'A request body is held in memory whole; 1 MiB is far above any command.',
    ),
    waitSecondsMax: whole(
      'BATON_HTTP_WAIT_SECONDS_MAX',
      60,
      [1, 3_600],
      's',
      'The longest `Prefer: wait`; proxies in between commonly give up after 60 s.',
    ),
  },
  database: {
    url: optionalText(
      'DATABASE_URL',
      /^postgres(ql)?:\/\/.+$/,
      'a postgres:// or postgresql:// URL',
      'A PostgreSQL 14 or newer of your own; without it Baton runs the embedded one.',
      { secret: true },
    ),
    poolSize: whole(
      'BATON_DATABASE_POOL_SIZE',
      10,
      [3, 40],
      'connections',
      'The turns may have all of them, reads all but up to three; the embedded database grants 50.',
    ),
    connectTimeoutMs: whole(
      'BATON_DATABASE_CONNECT_TIMEOUT_MS',
      3_000,
      [100, 60_000],
      'ms',
      'Waiting for a connection: long for a connection, short for a person; then the caller hears 503.',
    ),
    statementTimeoutMs: whole(
      'BATON_DATABASE_STATEMENT_TIMEOUT_MS',
      10_000,
      [500, 600_000],
      'ms',
      'After this the database gives a statement up; the slowest of ours takes tens of milliseconds.',
    ),
  },
  node: {
    engine: oneOf(
      'BATON_ENGINE',
      ['auto', 'docker', 'simulated'],
      'auto',
      'Auto takes Docker when it answers, else the simulated engine, and says which.',
    ),
    dockerHost: optionalText(
      'DOCKER_HOST',
      LOCAL_ENGINE,
      'unix://<socket>, or tcp:// to 127.0.0.1, ::1 or localhost; another machine is added as a node',
      'Where the Docker engine of this machine listens; default is unix:///var/run/docker.sock. Worlds and ports are its own.',
    ),
    dockerTls: optionalText(
      'DOCKER_TLS_VERIFY',
      NEVER,
      "left unset: Baton talks to this machine's engine without TLS, best at its unix socket",
      "Docker's own client would use TLS then, at whatever address. Better said than spoken in the clear to an engine that wants it.",
    ),
    portRange: portRange(
      'BATON_PORT_RANGE',
      '25565-25864',
      'Ports that servers get on the node; they stay theirs until the purge. 300 from the Minecraft port on.',
    ),
    publishAddress: text(
      'BATON_PUBLISH_ADDRESS',
      '0.0.0.0',
      /^[0-9A-Fa-f.:]+$/,
      'an IP address',
      'The address of the node that game ports are published on: all of them, since players come from outside.',
    ),
    networkPool: text(
      'BATON_NETWORK_POOL',
      DEFAULT_NETWORK_POOL,
      /^\d+\.\d+\.\d+\.\d+\/\d+$/,
      'a private IPv4 network such as 10.213.0.0/16',
      "Each server's own network is cut from it; choose one that nothing else on the machine or around it uses.",
    ),
    publicHost: optionalText(
      'BATON_PUBLIC_HOST',
      HOST,
      'an address or a host name',
      'What players are told to join for servers on this machine; default is its host name, so say it where players cannot resolve that.',
    ),
    ramMb: whole(
      'BATON_NODE_RAM_MB',
      0,
      [0, 16_777_216],
      'MB',
      "This node's RAM, as the engine says with 0; servers may reserve it less what is kept for the system.",
    ),
    simulated: {
      count: whole(
        'BATON_SIMULATED_NODES',
        1,
        [1, 1_000],
        'nodes',
        'Simulated machines, for trying placement by hand; those that there were once stay.',
      ),
      pullMs: simulatedMs('PULL', 3_000, 'How long a simulated image takes to arrive.'),
      bootMs: simulatedMs('BOOT', 2_000, 'How long a simulated game takes until players can join.'),
      stopMs: simulatedMs('STOP', 500, 'How long a simulated game takes to save and end.'),
    },
  },
  games: {
    templatesDir: optionalText(
      'BATON_TEMPLATES_DIR',
      ANY,
      'a path',
      "Folder of the game templates, for games of your own; without it Baton's (copy those that you want to keep).",
    ),
  },
  conductor: CONDUCTOR_SETTINGS,
  queue: QUEUE_SETTINGS,
  server: SERVER_SETTINGS,
  fleet: FLEET_SETTINGS,
  actors: ACTOR_SETTINGS,
  retention: RETENTION_SETTINGS,
  shutdown: {
    graceMs: whole(
      'BATON_SHUTDOWN_GRACE_MS',
      10_000,
      [0, 300_000],
      'ms',
      'For running turns and open requests; effects are handed to the next start, so nothing needs longer.',
    ),
  },
  client: {
    url: optionalText(
      'BATON_URL',
      /^https?:\/\/.+$/,
      'an http:// or https:// URL',
      'Where the `baton` command finds Baton.',
    ),
    token: optionalText(
      'BATON_TOKEN',
      ANY,
      'a token',
      "The `baton` command's token; default is the data directory's.",
      {
        secret: true,
      },
    ),
  },
} as const;

export type Settings = Values<typeof SETTINGS>;

/**
 * Reads the settings from the environment. `dataDir` comes back absolute.
 * @throws `invalid_settings` with one sentence per fault, all of them at once.
 */
export function loadSettings(environment: Readonly<Record<string, string | undefined>> = process.env): Settings {
  return readSettingsWithSource(environment).values;
}

/** The same, with where each value came from, for {@link describeSettings}. */
export function readSettingsWithSource(
  environment: Readonly<Record<string, string | undefined>>,
): LoadedSettings<typeof SETTINGS> {
  const read = readSettings(SETTINGS, environment);
  const { dataDir, fleet } = read.values;
  const faults = fleetFaults(fleet);
  if (faults.length > 0) throw errors.invalid_settings({ faults: faults.map((fault) => `  ${fault}`).join('\n') });
  return { ...read, values: { ...read.values, dataDir: isAbsolute(dataDir) ? dataDir : resolve(dataDir) } };
}
