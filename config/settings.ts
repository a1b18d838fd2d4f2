/**
 * Every number and name that an operator may change, nested by the room that reads it: default, range and reason.
 * `baton config` prints this file. Rooms never import it; `main.ts` hands each room its part.
 */
import { isAbsolute, resolve } from 'node:path';
import { type LoadedSettings, readSettings } from './read.ts';
import { oneOf, optionalText, portRange, text, type Values, whole } from './setting.ts';

const ANY = /^.+$/s;
const HOST = /^[A-Za-z0-9.:_-]+$/;
const MINUTE_MS = 60_000;
const DAY_HOURS = 24;

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
      'The commits take one or two, reads share the rest; the embedded database grants 50.',
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
      /^(unix|tcp|http|https|ssh):\/\/.+$/,
      'a unix://, tcp:// or ssh:// address',
      "Where the Docker engine listens, as for Docker's own client; default is unix:///var/run/docker.sock.",
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
    publicHost: optionalText(
      'BATON_PUBLIC_HOST',
      HOST,
      'an address or a host name',
      "What players are told to join; default is the host name of this machine's first public address.",
    ),
    ramMb: whole(
      'BATON_NODE_RAM_MB',
      0,
      [0, 16_777_216],
      'MB',
      "RAM that servers may reserve on this node; 0 takes the engine's total less what the system keeps.",
    ),
    ramSystemMb: whole(
      'BATON_NODE_RAM_SYSTEM_MB',
      1_024,
      [0, 1_048_576],
      'MB',
      'RAM kept for the system, Docker and Baton itself, so that a full node still answers.',
    ),
  },
  server: {
    retentionHours: whole(
      'BATON_RETENTION_HOURS',
      DAY_HOURS,
      [0, 8_760],
      'h',
      'How long a deleted server can be had back before it is purged; a day covers a mistake noticed the next morning.',
    ),
    createMs: whole(
      'BATON_SERVER_CREATE_MS',
      MINUTE_MS,
      [1_000, 3_600_000],
      'ms',
      'Row, ports and directory: then failed.',
    ),
    queueMs: whole(
      'BATON_SERVER_QUEUE_MS',
      10 * MINUTE_MS,
      [1_000, 86_400_000],
      'ms',
      'Waiting for room since first queued: then failed with no_capacity.',
    ),
    placeMs: whole(
      'BATON_SERVER_PLACE_MS',
      30_000,
      [1_000, 600_000],
      'ms',
      'Choosing a node: then queued again or failed.',
    ),
    fetchMs: whole(
      'BATON_SERVER_FETCH_MS',
      20 * MINUTE_MS,
      [1_000, 86_400_000],
      'ms',
      'Pulling an image: 2 GB at 2 MB/s still fits; a pull that never ends does not.',
    ),
    containerMs: whole(
      'BATON_SERVER_CONTAINER_MS',
      MINUTE_MS,
      [1_000, 600_000],
      'ms',
      'Making the container: then failed.',
    ),
    crashWindowMs: whole(
      'BATON_SERVER_CRASH_WINDOW_MS',
      10 * MINUTE_MS,
      [1_000, 86_400_000],
      'ms',
      'Crashes within this time count towards the crash loop.',
    ),
    crashesMax: whole(
      'BATON_SERVER_CRASHES_MAX',
      3,
      [1, 100],
      'crashes',
      'So many within the window end the restarting.',
    ),
    sleepAfterMs: whole(
      'BATON_SERVER_SLEEP_AFTER_MS',
      5 * MINUTE_MS,
      [1_000, 86_400_000],
      'ms',
      'A stopped server with wake-on-join goes to sleep after this.',
    ),
    purgeMs: whole(
      'BATON_SERVER_PURGE_MS',
      10 * MINUTE_MS,
      [1_000, 86_400_000],
      'ms',
      'Removing a world: then tried again.',
    ),
    observeMs: whole(
      'BATON_SERVER_OBSERVE_MS',
      2_000,
      [250, 4_000],
      'ms',
      'How often the inventory is read beside the event stream; what was done from outside must show within 5 s.',
    ),
  },
  actors: {
    mailboxDepth: whole(
      'BATON_ACTORS_MAILBOX_DEPTH',
      256,
      [8, 65_536],
      'messages',
      'Waiting messages of one actor; past it callers hear mailbox_full instead of waiting without end.',
    ),
    stashDepth: whole(
      'BATON_ACTORS_STASH_DEPTH',
      8,
      [1, 64],
      'commands',
      'Commands that wait for a running operation; nobody remembers what more of them were for.',
    ),
    residentMax: whole(
      'BATON_ACTORS_RESIDENT_MAX',
      20_000,
      [16, 1_000_000],
      'actors',
      'Actors kept in memory at 12 KiB each; the least recently used ones go back to their rows.',
    ),
    effectsPerTurn: whole('BATON_ACTORS_EFFECTS_PER_TURN', 16, [1, 256], 'effects', 'More in one turn is a defect.'),
    microsteps: whole(
      'BATON_ACTORS_MICROSTEPS',
      100,
      [10, 10_000],
      'steps',
      'More in one turn is a statechart that loops.',
    ),
    snapshotBytes: whole(
      'BATON_ACTORS_SNAPSHOT_BYTES',
      262_144,
      [4_096, 16_777_216],
      'bytes',
      'Every turn writes the snapshot; a server has some 4 KiB, a crash log included.',
    ),
    commitBatch: whole(
      'BATON_ACTORS_COMMIT_BATCH',
      250,
      [1, 1_000],
      'turns',
      'Turns that share one transaction; measured: beyond 250 the rate no longer rises.',
    ),
    deliveryAttempts: whole(
      'BATON_ACTORS_DELIVERY_ATTEMPTS',
      5,
      [1, 100],
      'tries',
      'A message whose turn throws so often goes to the dead letters.',
    ),
    restartBurst: whole(
      'BATON_ACTORS_RESTART_BURST',
      5,
      [1, 1_000],
      'restarts',
      'At once, before an actor is quarantined.',
    ),
    restartPeriodMs: whole(
      'BATON_ACTORS_RESTART_PERIOD_MS',
      30_000,
      [1_000, 3_600_000],
      'ms',
      'Time in which the burst is granted anew, evenly: the sustained rate is burst by period.',
    ),
    leaseTtlMs: whole(
      'BATON_ACTORS_LEASE_TTL_MS',
      15_000,
      [3_000, 300_000],
      'ms',
      'How long a dead process keeps its shards; five renewals, so that a slow database costs no ownership.',
    ),
    leaseRenewMs: whole('BATON_ACTORS_LEASE_RENEW_MS', 3_000, [500, 60_000], 'ms', 'How often a lease is renewed.'),
    pollMs: whole(
      'BATON_ACTORS_POLL_MS',
      1_000,
      [50, 60_000],
      'ms',
      'How often due timers and messages are looked for, in case a notification was lost.',
    ),
  },
  retention: {
    journalHours: whole(
      'BATON_RETENTION_JOURNAL_HOURS',
      90 * DAY_HOURS,
      [1, 87_600],
      'h',
      "A quarter of each server's history.",
    ),
    eventHours: whole(
      'BATON_RETENTION_EVENT_HOURS',
      7 * DAY_HOURS,
      [1, 8_760],
      'h',
      'How far back a live client can resume.',
    ),
    operationHours: whole(
      'BATON_RETENTION_OPERATION_HOURS',
      90 * DAY_HOURS,
      [1, 87_600],
      'h',
      'Ended operations without an idempotency key; those with one are kept for ever.',
    ),
    deadLetterHours: whole(
      'BATON_RETENTION_DEAD_LETTER_HOURS',
      90 * DAY_HOURS,
      [1, 87_600],
      'h',
      'Time for a person to look.',
    ),
    sweepMs: whole(
      'BATON_RETENTION_SWEEP_MS',
      10 * MINUTE_MS,
      [1_000, 86_400_000],
      'ms',
      'How often old rows are removed.',
    ),
    sweepRows: whole(
      'BATON_RETENTION_SWEEP_ROWS',
      1_000,
      [10, 100_000],
      'rows',
      'In one transaction, so that none is long.',
    ),
  },
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

/** Pairs that must be in order; a fault names both. */
const RELATIONS: readonly (readonly [holds: (settings: Settings) => boolean, sentence: string])[] = [
  [
    ({ actors }) => actors.leaseTtlMs >= 3 * actors.leaseRenewMs,
    'BATON_ACTORS_LEASE_TTL_MS must be at least three times BATON_ACTORS_LEASE_RENEW_MS, or one slow renewal loses the lease.',
  ],
  [
    ({ actors }) => actors.residentMax >= actors.mailboxDepth,
    'BATON_ACTORS_RESIDENT_MAX must not be below BATON_ACTORS_MAILBOX_DEPTH, or one actor pushes all others out.',
  ],
];

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
  const read = readSettings(SETTINGS, environment, RELATIONS);
  const { dataDir } = read.values;
  return { ...read, values: { ...read.values, dataDir: isAbsolute(dataDir) ? dataDir : resolve(dataDir) } };
}
