import { z } from 'zod';
import { FENCE_PROOFS } from '../../machines/fleet/index.ts';
import { NODE_CONNECTIONS, NODE_KINDS } from '../../machines/node/index.ts';
import { Id, StoredError, Text, Time } from './common.ts';

const level = z.enum(['calm', 'high']);

const labels = z.record(z.string().regex(/^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/, 'is not a label'), Text(63)).meta({
  example: { region: 'fsn' },
});

export const Node = z
  .object({
    id: Id,
    name: z.string(),
    kind: z.enum(NODE_KINDS),
    engine: z.enum(['docker', 'simulated']),
    system: z.boolean().meta({ description: 'Takes no servers.' }),
    labels: z.record(z.string(), z.string()),
    hostname: z.string().nullable().meta({ description: 'Null for the machine that Baton runs on.' }),
    ssh_user: z.string().nullable(),
    ssh_port: z.int().nullable(),
    host_key: z.string().nullable().meta({ description: 'Pinned when it was added; another one is refused.' }),
    status: z.string().meta({ example: 'ready' }),
    status_detail: z.string().nullable(),
    connection: z.enum(NODE_CONNECTIONS),
    pressure: z
      .object({
        disk: z.enum(['calm', 'high', 'critical']),
        memory: level,
        cpu: level,
        engine: z.enum(['calm', 'silent']),
      })
      .meta({ description: 'What is not calm keeps new servers off until it is.' }),
    cordoned: z.boolean().meta({ description: 'By an operator. Pressure cordons, too, and lifts that itself.' }),
    operation: Id.nullable(),
    ram_mb: z.int(),
    cpus: z.number(),
    reserve_ram_mb: z.int().meta({ description: 'Kept for the machine itself.' }),
    boot_id: z.string().nullable(),
    lease_epoch: z.int(),
    guarded: z.boolean().meta({
      description:
        'False when nobody on it would freeze its servers at the end of its lease: should it be lost, they start elsewhere only once it is known to be off.',
    }),
    last_lease_at: Time.nullable().meta({
      description: 'When it last answered; at most a minute older than the truth while it is connected.',
    }),
    away_since: Time.nullable(),
    fence: z
      .object({ proof: z.enum(FENCE_PROOFS), at: Time })
      .nullable()
      .meta({ description: 'The proof that nothing runs there; null while something may.' }),
    last_error: StoredError.extend({ at: Time }).nullable().meta({ id: 'NodeError' }),
    created_at: Time,
    updated_at: Time,
    ready_at: Time.nullable(),
    removed_at: Time.nullable(),
    version: z.int(),
  })
  .meta({ id: 'Node', description: 'A machine that runs servers.' });

export const NodeDetails = Node.extend({
  usable_ram_mb: z.int().meta({ description: 'Its RAM less what it keeps for itself.' }),
  reserved_ram_mb: z.int(),
  available_ram_mb: z.int(),
  utilisation: z.number().meta({ description: 'Reserved of usable.' }),
  reservations: z.array(
    z.object({ server_id: Id, epoch: z.int(), ram_mb: z.int(), cpu: z.number(), disk_mb: z.int() }),
  ),
}).meta({ id: 'NodeDetails', description: 'A node, with what its servers hold of it.' });

const hostname = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'is no host name and no address')
  .meta({ example: 'n1.example.org' });
const user = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is no user name')
  .meta({ example: 'root' });
const port = z.int().min(1).max(65_535);
const key = z
  .string()
  .max(16_384)
  .regex(/^-----BEGIN [A-Z ]*PRIVATE KEY-----\n[\s\S]+-----END [A-Z ]*PRIVATE KEY-----\s*$/, 'is no private key')
  .meta({ description: 'A private key without a passphrase, as `ssh-keygen -t ed25519 -N ""` writes it.' });
const path = z
  .string()
  .max(200)
  .regex(/^(\/[A-Za-z0-9._-]+)+$/, 'is no absolute path of plain words');

const ssh = { ssh_user: user.optional(), ssh_port: port.optional() };

export const AddNode = z
  .strictObject({
    name: Text(63).trim().min(1).optional().meta({ description: 'Absent: its host name.' }),
    hostname,
    ...ssh,
    ssh_key: key,
    kind: z.enum(['dedicated', 'spare']).optional(),
    labels: labels.optional(),
    system: z.boolean().optional().meta({ description: 'Takes no servers.' }),
    docker_host: z
      .string()
      .regex(/^unix:\/\/(\/[A-Za-z0-9._-]+)+$/, 'is no unix:// address')
      .optional()
      .meta({ description: "Where Docker listens on it. Absent: Docker's usual socket." }),
    root: path.optional().meta({ description: "Directory of Baton's script and of the worlds on it." }),
  })
  .meta({ id: 'AddNode' });

export const BootstrapNode = z
  .strictObject({ hostname: hostname.optional(), ...ssh, ssh_key: key.optional() })
  .meta({ id: 'BootstrapNode', description: 'What is other than before.' });

export const LabelNode = z.strictObject({ labels }).meta({ id: 'LabelNode' });
