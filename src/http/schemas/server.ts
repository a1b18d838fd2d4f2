import { z } from 'zod';
import { FAILOVER_POLICIES, SERVER_STATUSES } from '../../machines/server/types.ts';
import { httpLimits } from '../limits.ts';
import { Id, Problem, StoredError, Text, Time } from './common.ts';
import { ifBusy, Operation } from './operation.ts';

const PLANS = ['payperplay', 'balanced', 'reserved'] as const;

export const PublishedPort = z.object({
  name: z.string().meta({ example: 'game' }),
  protocol: z.enum(['tcp', 'udp']),
  container: z.int(),
  host: z.int(),
});

const Exit = z
  .object({ exit_code: z.int().nullable(), oom_killed: z.boolean(), log_tail: z.array(z.string()), at: Time })
  .meta({ description: 'How the container last ended, with the last lines it wrote.' });

export const Server = z
  .object({
    id: Id,
    name: z.string(),
    owner_id: Id,
    template: z.string().meta({ example: 'minecraft-java' }),
    image: z.string(),
    image_tag: z.string(),
    ram_mb: z.int(),
    cpu: z.number().meta({ description: 'Cores; 0 is unlimited.' }),
    disk_mb: z.int().meta({ description: '0 is unlimited.' }),
    env: z.record(z.string(), z.string()).meta({ description: 'Secrets are masked.' }),
    plan: z.enum(PLANS),
    tier: z.enum(['micro', 'small', 'medium', 'large', 'xlarge', 'custom']),
    status: z.enum(SERVER_STATUSES),
    status_detail: z.string().nullable(),
    operation: Id.nullable().meta({ description: 'The operation that runs.' }),
    node_id: Id.nullable(),
    engine: z.enum(['docker', 'simulated']).nullable(),
    container_id: z.string().nullable(),
    epoch: z.int().meta({ description: 'Rises with each placement.' }),
    ports: z.array(PublishedPort),
    data_exists: z.boolean().nullable().meta({ description: 'Whether its world is there; null while not known.' }),
    data_bytes: z.int().nullable().meta({ description: 'When last measured; null while not known or not readable.' }),
    players: z.int().nullable(),
    wake_on_join: z.boolean().meta({ description: 'Sleeps instead of being off. What wakes it, so far, is `wake`.' }),
    idle_stop_seconds: z.int().meta({
      description:
        'Kept for stopping by itself after so long without players, which Baton does not do yet; 0 is never.',
    }),
    failover_policy: z.enum(FAILOVER_POLICIES),
    failover_grace_seconds: z.int(),
    restart_pending: z.boolean().meta({ description: 'It runs with older settings than these.' }),
    last_error: StoredError.extend({ at: Time }).nullable().meta({ id: 'ServerError' }),
    queued_at: Time.nullable(),
    attempt: z.int(),
    next_attempt_at: Time.nullable(),
    exit: Exit.nullable(),
    created_at: Time,
    updated_at: Time,
    started_at: Time.nullable(),
    stopped_at: Time.nullable(),
    lost_since: Time.nullable().meta({ description: 'Since when its node does not answer; null unless it is `lost`.' }),
    last_lease_at: Time.nullable().meta({
      description: 'When its node last confirmed its lease, while it is `lost`: until then it ran, and is billed.',
    }),
    deleted_at: Time.nullable(),
    purge_at: Time.nullable(),
    version: z.int().meta({ description: 'For `If-Match`; the same as the `ETag`.' }),
  })
  .meta({ id: 'Server', description: 'A game server.' });

const name = Text(64).trim().min(1).meta({ example: 'survival' });
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/, 'is not the name of an environment variable');
// A zero byte would end the value inside the container. Line breaks are nobody's harm.
const value = z
  .string()
  .max(32_768)
  .regex(/^[^\0\p{Cs}]*$/u, 'must not contain zero bytes');

const settings = {
  ram_mb: z.int().min(64).max(4_194_304).optional().meta({ description: 'Absent: the default of the template.' }),
  cpu: z.number().min(0).max(1024).optional().meta({ description: 'Cores; 0 is unlimited.' }),
  disk_mb: z.int().min(0).max(1_073_741_824).optional().meta({ description: '0 is unlimited.' }),
  plan: z.enum(PLANS).optional(),
  image_tag: z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, 'is not the tag of an image')
    .optional(),
  wake_on_join: z.boolean().optional(),
  idle_stop_seconds: z.int().min(0).max(604_800).optional(),
  failover_policy: z.enum(FAILOVER_POLICIES).optional().meta({
    description:
      'When its node is lost: `wait` for it, or for the command `failover`; or `fresh`, start elsewhere with an empty world. Default `wait`.',
  }),
  failover_grace_seconds: z
    .int()
    .min(0)
    .max(604_800)
    .optional()
    .meta({ description: 'How long the policy `fresh` waits for a lost node. Default 60.' }),
};

export const CreateServer = z
  .strictObject({
    name,
    template: Text(64).min(1).meta({ example: 'minecraft-java' }),
    ...settings,
    env: z
      .record(variable, value)
      .optional()
      .meta({ example: { EULA: 'TRUE' } }),
    start: z.boolean().optional().meta({ description: 'Start it once it is made. Default true.' }),
  })
  .meta({ id: 'CreateServer' });

export const ConfigureServer = z
  .strictObject({
    name: name.optional(),
    ...settings,
    env: z
      .record(variable, value.nullable())
      .optional()
      .meta({ description: 'Replaces single variables; null removes one; a masked value leaves it as it is.' }),
    if_busy: ifBusy,
  })
  .meta({ id: 'ConfigureServer' });

const stopOptions = {
  grace_seconds: z.int().min(0).max(3600).optional().meta({ description: 'Between the stop signal and the kill.' }),
  announce: Text(500).optional().meta({ description: 'Told to the players first; empty for nothing.' }),
};

const commandOptions = {
  ...stopOptions,
  fresh: z.boolean().optional().meta({
    description: '`start`: begin a new world where the old one is gone. `failover`: begin one on the other node.',
  }),
  node_id: Id.optional().meta({ description: '`failover`: the node to start on; absent for any.' }),
  image_tag: settings.image_tag.meta({ description: '`rebuild`: another tag of the image.' }),
  stop_first: z.boolean().optional().meta({ description: '`delete`: stop it first where it runs.' }),
};

/** What each command may be told. One that would not be listened to is refused like any other unknown field. */
const TOLD = {
  start: ['fresh'],
  stop: ['grace_seconds', 'announce'],
  kill: [],
  restart: ['grace_seconds', 'announce'],
  rebuild: ['image_tag'],
  archive: [],
  wake: [],
  undelete: [],
  failover: ['fresh', 'node_id'],
  delete: ['stop_first', 'grace_seconds', 'announce'],
} as const satisfies Readonly<Record<string, readonly (keyof typeof commandOptions)[]>>;

const told = <S extends z.ZodRawShape>(command: keyof typeof TOLD, more: S) => {
  const names: readonly string[] = TOLD[command];
  const shape = Object.fromEntries(Object.entries(commandOptions).filter(([name]) => names.includes(name)));
  return z.strictObject({
    ...(shape as Partial<typeof commandOptions> as typeof commandOptions),
    ...more,
    if_busy: ifBusy,
  });
};

/** `StopOptions` */
const idOf = (command: string, what: string): string => `${command[0]?.toUpperCase()}${command.slice(1)}${what}`;

export const commandBody = (command: Exclude<keyof typeof TOLD, 'delete'>) =>
  told(command, {}).meta({ id: idOf(command, 'Options') });

export const bulkBody = (command: keyof typeof TOLD) =>
  told(command, { ids: z.array(Id).min(1).max(httpLimits.bulkMax) }).meta({ id: idOf(command, 'Several') });

export const BulkAnswer = z
  .object({
    items: z.array(z.object({ id: Id, operation: Operation.nullable(), error: Problem.nullable() })),
  })
  .meta({ id: 'BulkAnswer', description: 'For each id, in the order given, its operation or why there is none.' });

export const ServerAndOperation = z.object({ server: Server, operation: Operation }).meta({ id: 'ServerAndOperation' });

export const Players = z
  .object({
    players: z.int().nullable(),
    players_max: z.int().nullable(),
    player_names: z.array(z.string()).meta({ description: 'May be fewer than `players`: games tell a sample.' }),
    version: z.string().nullable(),
  })
  .meta({ id: 'Players' });

export const Connection = z
  .object({
    host: z.string(),
    port: z.int(),
    protocol: z.string(),
    ports: z.array(z.object({ name: z.string(), protocol: z.string(), port: z.int() })),
  })
  .meta({ id: 'Connection', description: 'Where players join.' });

export const Stats = z
  .object({
    running: z.boolean(),
    ram_bytes: z.int().nullable(),
    ram_limit_bytes: z.int().nullable(),
    cpu: z.number().nullable().meta({ description: '1 is one core fully used.' }),
    network_rx_bytes: z.int().nullable(),
    network_tx_bytes: z.int().nullable(),
    disk_bytes: z.int().nullable(),
    disk_limit_bytes: z.int().nullable().meta({ description: 'Null is unlimited.' }),
  })
  .meta({ id: 'Stats' });
