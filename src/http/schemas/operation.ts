import { z } from 'zod';
import { Id, StoredError, Subject, Time } from './common.ts';

export const OPERATION_STATUSES = ['running', 'succeeded', 'failed', 'cancelled'] as const;

export const Operation = z
  .object({
    id: Id,
    command: z.string().meta({ example: 'start' }),
    target: Subject,
    status: z.enum(OPERATION_STATUSES),
    progress: z.number().min(0).max(1).nullable().meta({ description: '0 to 1; null while unknown.' }),
    message: z.string().nullable(),
    error: StoredError.nullable(),
    created_at: Time,
    finished_at: Time.nullable(),
  })
  .meta({ id: 'Operation', description: 'A command that was taken. It ends by itself, in one way or another.' });

export const Accepted = z.object({ operation: Operation }).meta({ id: 'Accepted' });

/** What every command may carry in its headers. */
export const CommandHeaders = z.object({
  prefer: z.string().optional().meta({
    description:
      '`wait=<seconds>` answers when the operation has ended or the time is up; at most 60 unless the operator allows more.',
    example: 'wait=30',
  }),
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')
    .optional()
    .meta({ description: 'Makes a retry the same operation, for ever.', example: '6f1c9d' }),
  'if-match': z
    .string()
    .regex(/^(\*|"\d{1,15}")$/, 'must be * or a version in quotes, such as "7"')
    .optional()
    .meta({
      description: 'The `ETag` that was read. Another version by now is `precondition_failed`.',
      example: '"7"',
    }),
});

export const ifBusy = z
  .enum(['refuse', 'queue'])
  .optional()
  .meta({ description: '`queue` waits for the running operation to end instead of being refused.' });
