import { z } from 'zod';
import { NODE_CONNECTIONS } from '../../machines/node/index.ts';
import { NODE_KINDS } from '../../machines/node/types.ts';
import { Id, Time } from './common.ts';

const capacity = {
  ram_mb: z.int(),
  usable_ram_mb: z.int().meta({ description: 'Less what machines keep for themselves.' }),
  reserved_ram_mb: z.int(),
  available_ram_mb: z.int().meta({ description: 'Usable and not reserved; never below 0.' }),
  utilisation: z.number().meta({ description: 'Reserved by usable; above 1 when a machine shrank.' }),
};

export const NodeCapacity = z
  .object({
    id: Id,
    name: z.string(),
    kind: z.enum(NODE_KINDS),
    engine: z.enum(['docker', 'simulated']),
    status: z.string().meta({ example: 'ready' }),
    connection: z.enum(NODE_CONNECTIONS),
    pressure: z.string().meta({ example: 'calm' }),
    system: z.boolean().meta({ description: 'Carries Baton itself and no servers; it is in no sum.' }),
    labels: z.record(z.string(), z.string()),
    ...capacity,
    cpus: z.number().nullable().meta({ description: 'Null while not known.' }),
    disk_mb: z.int().nullable().meta({ description: 'Null while not known.' }),
    reserved_cpus: z.number(),
    reserved_disk_mb: z.int(),
    servers: z.int(),
    starting: z.int().meta({ description: 'Of its servers, those that are on their way up.' }),
    starts_max: z.int().meta({ description: 'So many may start there at once.' }),
    held_for: Id.nullable().meta({ description: 'The waiting server that alone may go there now.' }),
  })
  .meta({ id: 'NodeCapacity' });

export const Fleet = z
  .object({
    ...capacity,
    available_ram_mb: z.int().meta({ description: 'On nodes that take servers now.' }),
    servers: z.int(),
    queued: z.int(),
    nodes: z.array(NodeCapacity),
  })
  .meta({ id: 'Fleet', description: 'What the machines have, together and each.' });

export const QueuedServer = z
  .object({
    position: z.int().meta({ description: 'From 1.' }),
    server_id: Id,
    owner_id: Id,
    name: z.string(),
    plan: z.enum(['payperplay', 'balanced', 'reserved']),
    ram_mb: z.int(),
    cpu: z.number(),
    disk_mb: z.int(),
    only_node_id: Id.nullable().meta({ description: 'The node that has its world, and so the only one it may go to.' }),
    queued_at: Time,
    eta: Time.nullable().meta({ description: 'By the last places that became free; null when too few did to say.' }),
    gives_up_at: Time.meta({ description: 'When it fails with `no_capacity`.' }),
    attempt: z.int(),
    next_attempt_at: Time.nullable().meta({ description: 'When it tries by itself; news of room come earlier.' }),
    reason: z.string().nullable().meta({ description: 'Why it was not placed.' }),
    overtaken: z.int().meta({ description: 'How many from behind it were placed where it might have been.' }),
    held_on: Id.nullable().meta({ description: 'The node that takes nobody else until it has its place.' }),
  })
  .meta({ id: 'QueuedServer', description: 'A server that waits for room.' });

export const Placement = z
  .object({
    node_id: Id,
    name: z.string(),
    rank: z
      .int()
      .nullable()
      .meta({ description: '1 for the node that would be chosen; null for one that will not do.' }),
    reasons: z.array(z.string()).meta({ description: 'Why not; empty for one that will do.' }),
    score: z
      .object({
        machines: z.enum(['dedicated', 'cloud']).meta({ description: 'Dedicated ones come first.' }),
        key: z.int().meta({ description: "The strategy's number for it; the lowest comes first." }),
      })
      .nullable(),
    free: z
      .object({ ram_mb: z.int(), cpu: z.number().nullable(), disk_mb: z.int().nullable() })
      .meta({ description: 'What one more server may have; null for what does not run out.' }),
  })
  .meta({ id: 'Placement', description: 'What is said of one node.' });
