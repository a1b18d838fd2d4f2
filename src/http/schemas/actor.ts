import { z } from 'zod';
import { Id, StoredError, Subject, Time } from './common.ts';

export const Turn = z
  .object({
    id: z.string(),
    actor: Subject,
    seq: z.int(),
    event: z.string(),
    by: z.string().nullable().meta({ description: 'Who caused it.' }),
    from: z.string().nullable(),
    to: z.string(),
    operation_id: Id.nullable(),
    effects: z.array(z.string()).meta({ description: 'What it started.' }),
    at: Time,
    duration_ms: z.number(),
  })
  .meta({ id: 'Turn', description: 'A committed turn, as the journal keeps it.' });

export const ActorSummary = z
  .object({
    kind: z.string(),
    id: z.string(),
    seq: z.int(),
    status: z.string(),
    quarantined: StoredError.nullable(),
    updated_at: Time,
  })
  .meta({ id: 'ActorSummary' });

export const Actor = z
  .object({
    kind: z.string(),
    id: z.string(),
    seq: z.int(),
    machine_version: z.string(),
    resident: z.boolean(),
    quarantined: StoredError.nullable(),
    state: z.unknown().meta({ description: 'The state value of its statechart.' }),
    context: z
      .unknown()
      .meta({ description: 'What it remembers, in the words of its statechart. Secrets are masked.' }),
    allowed: z.array(z.string()).meta({ description: 'Commands that it would take now.' }),
    timers: z.array(z.object({ id: z.string(), due_at: Time })),
    effects: z.array(z.object({ id: z.string(), name: z.string(), deadline_at: Time.nullable() })),
    mailbox: z.int(),
    stash: z.array(z.string()).meta({ description: 'Commands that wait for the running operation to end.' }),
  })
  .meta({ id: 'Actor', description: 'An actor as it is right now.' });

export const DeadLetter = z
  .object({
    id: Id,
    actor: Subject,
    event: z.record(z.string(), z.unknown()),
    error: StoredError,
    attempts: z.int(),
    at: Time,
  })
  .meta({ id: 'DeadLetter', description: 'A message whose handling failed too often.' });

export const Machine = z
  .object({
    kind: z.string(),
    id: z.string(),
    version: z.string(),
    commands: z.array(z.string()),
    definition: z.unknown().meta({ description: 'The statechart as XState exports it.' }),
  })
  .meta({ id: 'Machine' });

export const LiveEvent = z
  .object({
    seq: z
      .int()
      .nullable()
      .meta({ description: 'Of the event log; null for what is not kept, such as console lines.' }),
    type: z.string().meta({ example: 'server.status_changed' }),
    at: Time,
    subject: Subject,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LiveEvent', description: 'The same envelope here and in the live channel.' });
