/** What `baton-node` answers, read at the border: one line of JSON each. */
import { z } from 'zod';
import type { ContainerState } from '../../conductor/interfaces/engine.ts';

const count = z.number().int().nonnegative();

const container = z
  .object({
    id: z.string(),
    state: z.string(),
    /** Docker's own sentence, which alone holds the exit code: `Exited (137) 3 minutes ago`. */
    status: z.string(),
    server: z.string(),
    epoch: z.string().regex(/^\d+$/).transform(Number),
  })
  .transform(({ id, state, status, server, epoch }) => ({
    id,
    serverId: server,
    epoch,
    state: stateOf(state),
    exitCode: exitCodeOf(status),
  }));

/** Containers whose labels are not Baton's are left out, as the engine leaves them out. */
const containers = z
  .array(z.unknown())
  .transform((found) => found.map((each) => container.safeParse(each)).flatMap(({ data }) => data ?? []));

const world = z.object({ server: z.string(), epoch: count, data: z.boolean() });

export const observation = z
  .object({
    ok: z.literal(true),
    node: z.string(),
    boot: z.string().min(1),
    mono: count,
    epoch: count,
    granted: z.boolean().nullable(),
    leased: z.boolean(),
    until: count,
    watchdogs: count,
    containers: containers.nullable(),
    frozen: z.array(z.string()),
    held: z.array(z.string()),
    worlds: z.array(world),
    quarantine: z.array(z.string()),
    disk: z.object({ total_kb: count, free_kb: count }),
    memory: z.object({ total_kb: count, available_kb: count }),
    cpu: z.object({ count: count, load: z.number(), busy: count, total: count }),
    arch: z.string(),
    helper: z.string(),
  })
  .transform((answer) => ({
    /** Another one than before: the machine was started anew, and nothing of before runs any more. */
    bootId: answer.boot,
    /** The node's monotonic clock in ms, read just before the answer was sent. A lease is anchored here. */
    clockMs: answer.mono,
    /** The node that the machine was last set up as; empty before the first. */
    nodeId: answer.node,
    /** The highest lease epoch that the node has seen; 0 before the first. */
    leaseEpoch: answer.epoch,
    /** Whether the grant of this very heartbeat holds now; null when there was none. */
    granted: answer.granted,
    leased: answer.leased,
    /** Until when the node's last lease lasts, on its clock; meaningful while `leased`. */
    leaseUntilMs: answer.until,
    /** 0, 1 or 2 loops that would freeze every server; 0 also when they do not find one. Then the end of a lease proves nothing. */
    watchdogs: answer.watchdogs,
    /** Null when Docker did not answer; that says nothing about what runs. */
    containers: answer.containers,
    /** Ids of containers that stand still, whoever has frozen them. */
    frozen: answer.frozen,
    /** Ids of containers that ran under an older lease epoch and wait for `keep` or `quarantine`. */
    held: answer.held,
    worlds: answer.worlds.map(({ server, epoch, data }) => ({ serverId: server, epoch, hasData: data })),
    /** Directories that were put aside: `<server>.<epoch>.<UTC time>`. */
    quarantine: answer.quarantine,
    diskKb: { total: answer.disk.total_kb, free: answer.disk.free_kb },
    memoryKb: { total: answer.memory.total_kb, available: answer.memory.available_kb },
    /** `busyTicks` of `totalTicks` since boot, over all cores; two answers give the use between them. */
    cpu: {
      count: answer.cpu.count,
      load: answer.cpu.load,
      busyTicks: answer.cpu.busy,
      totalTicks: answer.cpu.total,
    },
    architecture: answer.arch,
    /** SHA-256 of the script that answered. */
    helperHash: answer.helper,
  }));

/** A node, as it describes itself. */
export type Observation = z.output<typeof observation>;
export type ObservedContainer = NonNullable<Observation['containers']>[number];
export type ObservedWorld = Observation['worlds'][number];

export const refusal = z.object({
  ok: z.literal(false),
  code: z.string(),
  message: z.string(),
  highest: z.number().nullable(),
});
export type Refusal = z.output<typeof refusal>;

export const done = z.object({ ok: z.literal(true) });
export const ensured = z.object({ ok: z.literal(true), existed: z.boolean() });
export const sized = z.object({
  ok: z.literal(true),
  exists: z.boolean(),
  marked: z.boolean(),
  bytes: count.nullable(),
});
export const putAside = z.object({ ok: z.literal(true), moved: z.string().nullable() });
export const installed = z.object({ ok: z.literal(true), by: z.enum(['systemd', 'itself']) });
export const portsInUse = z.object({ ok: z.literal(true), ports: z.array(z.string().regex(/^(tcp|udp)\/[0-9A-F]+$/)) });

function stateOf(state: string): ContainerState {
  if (state === 'created' || state === 'paused') return state;
  return state === 'running' || state === 'restarting' ? 'running' : 'exited';
}

function exitCodeOf(status: string): number | null {
  const code = /^Exited \((\d+)\)/.exec(status)?.[1];
  return code === undefined ? null : Number(code);
}
