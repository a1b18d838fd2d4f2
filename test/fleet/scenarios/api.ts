/** What the scenarios read of Baton's API. */
import { z } from 'zod';

export const ServerSeen = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  status_detail: z.string().nullable(),
  node_id: z.string().nullable(),
  container_id: z.string().nullable(),
  epoch: z.int(),
  failover_policy: z.string(),
  started_at: z.string().nullable(),
  last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type ServerSeen = z.infer<typeof ServerSeen>;

export const NodeSeen = z.object({
  id: z.string(),
  name: z.string(),
  hostname: z.string().nullable(),
  status: z.string(),
  connection: z.string(),
  pressure: z.object({ disk: z.string(), memory: z.string(), cpu: z.string() }),
  lease_epoch: z.int(),
  fence: z.object({ proof: z.string(), at: z.string() }).nullable(),
  last_error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type NodeSeen = z.infer<typeof NodeSeen>;

export const ServerList = z.object({ items: z.array(ServerSeen) });
export const NodeList = z.object({ items: z.array(NodeSeen) });

export const OperationSeen = z.object({
  id: z.string(),
  command: z.string(),
  status: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

export const EventSeen = z.object({
  seq: z.int().nullable(),
  type: z.string(),
  at: z.string(),
  subject: z.object({ kind: z.string(), id: z.string() }),
  data: z.record(z.string(), z.unknown()),
});
export type EventSeen = z.infer<typeof EventSeen>;

export const EventPage = z.object({
  items: z.array(EventSeen),
  last_seq: z.int(),
  next_cursor: z.string().nullable(),
});
