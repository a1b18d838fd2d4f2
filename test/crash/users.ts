/** A few users who use Baton as people and scripts do, at the same time, with commands that a seed chooses. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Answer, Ask, Client } from './client.ts';
import type { Random } from './random.ts';

export interface Habits {
  /** Templates that servers are made from. */
  readonly templates: readonly string[];
  readonly ramMb: number;
  /** Servers that are there at a time, and that are made at all. */
  readonly servers: number;
  readonly creations: number;
  /** How long a user watches an operation before going on. */
  readonly patienceSeconds: number;
}

/** A server that was made; `used` once a user has seen it run. */
export interface Known {
  readonly id: string;
  used: boolean;
  purged: boolean;
}

export interface Village {
  readonly client: Client;
  readonly habits: Habits;
  readonly known: Known[];
  creations: number;
  /** Leaves a mark in the world of a server that is seen to run for the first time. False when it could not. */
  moveIn(id: string): Promise<boolean>;
}

const Server = z.object({ id: z.string(), status: z.string(), operation: z.string().nullable() });
type Server = z.infer<typeof Server>;
const Made = z.object({ server: z.object({ id: z.string() }) });
const Taken = z.object({ operation: z.object({ id: z.string() }) });

/** What makes sense in a state; the rest is tried now and then as well, and refused. */
const SENSIBLE: Readonly<Record<string, readonly string[]>> = {
  creating: ['delete'],
  queued: ['stop', 'delete_first', 'cancel'],
  starting: ['stop', 'kill', 'delete_first', 'cancel'],
  running: ['stop', 'kill', 'restart', 'restart', 'rebuild', 'configure', 'delete_first'],
  stopping: ['kill', 'start_queued', 'cancel'],
  stopped: ['start', 'start', 'start', 'rebuild', 'configure', 'delete', 'configure_plan'],
  sleeping: ['start', 'delete'],
  rebuilding: ['cancel', 'start', 'stop'],
  crashed: ['start', 'stop', 'delete'],
  missing: ['start', 'rebuild', 'delete', 'purge', 'start_fresh'],
  failed: ['start', 'rebuild', 'delete', 'start_fresh'],
  deleted: ['undelete', 'undelete', 'purge', 'purge_keeping'],
};
const ANY = [...new Set(Object.values(SENSIBLE).flat())];

/** Uses Baton until told that it is enough. Throws the reason of the client's signal. */
export async function use(village: Village, random: Random, enough: () => boolean): Promise<void> {
  const { client, habits, known } = village;
  while (!enough()) {
    const there = known.filter(({ purged }) => !purged);
    const mayMake = there.length < habits.servers && village.creations < habits.creations;
    const ask = there.length === 0 || (mayMake && random.chance(0.3)) ? create(village, random) : null;
    if (ask !== null) await made(village, await issue(client, ask, random));
    else if (there.length > 0) await visit(village, random.pick(there), random);
    await pause(random.int(5, 60));
  }
}

function create(village: Village, random: Random): Ask | null {
  const { habits } = village;
  if (village.creations >= habits.creations) return null;
  village.creations += 1;
  const body = {
    name: `crash-${village.creations}`,
    template: random.pick(habits.templates),
    ram_mb: habits.ramMb,
    start: random.chance(0.75),
    ...(random.chance(0.15) && { plan: 'reserved' }),
  };
  return { method: 'POST', path: '/api/servers', body, key: key(random), ...wait(habits, random) };
}

async function made({ known }: Village, answer: Answer): Promise<void> {
  const parsed = Made.safeParse(answer.body);
  if (parsed.success) known.push({ id: parsed.data.server.id, used: false, purged: false });
}

async function visit(village: Village, one: Known, random: Random): Promise<void> {
  const { client, habits } = village;
  const seen = await client.ask({ method: 'GET', path: `/api/servers/${one.id}?include_deleted=true` });
  if (seen.status === 404) {
    one.purged = true;
    return;
  }
  const server = Server.parse(seen.body);
  if (server.status === 'running' && !one.used) {
    one.used = await village.moveIn(one.id);
  }
  const command = random.pick(random.chance(0.85) ? (SENSIBLE[server.status] ?? ANY) : ANY);
  const ask = askOf(command, server, habits, random);
  if (ask === null) return;
  const answer = await issue(client, { ...ask, key: key(random), ...wait(habits, random) }, random);
  const { operation } = Taken.safeParse(answer.body).data ?? {};
  if (operation !== undefined && random.chance(0.5)) {
    await client.ask({ method: 'GET', path: `/api/operations/${operation.id}`, waitSeconds: habits.patienceSeconds });
  }
}

/** Now and then a caller is not sure and asks once more, which must not make another operation. */
async function issue(client: Client, ask: Ask, random: Random): Promise<Answer> {
  const answer = await client.ask(ask);
  if (random.chance(0.1)) await client.ask(ask);
  return answer;
}

function askOf(command: string, { id, operation }: Server, habits: Habits, random: Random): Ask | null {
  const server = `/api/servers/${id}`;
  switch (command) {
    case 'configure':
      return { method: 'PATCH', path: server, body: random.pick(changes(habits, random)) };
    case 'configure_plan':
      return { method: 'PATCH', path: server, body: { plan: random.pick(['payperplay', 'reserved']) } };
    case 'delete':
      return { method: 'DELETE', path: server };
    case 'delete_first':
      return { method: 'DELETE', path: `${server}?stop_first=true` };
    case 'purge':
      return { method: 'DELETE', path: `${server}/purge` };
    case 'purge_keeping':
      return { method: 'DELETE', path: `${server}/purge?keep_data=true` };
    case 'cancel':
      return operation === null ? null : { method: 'POST', path: `/api/operations/${operation}/cancel` };
    case 'start_fresh':
      return { method: 'POST', path: `${server}/start`, body: { fresh: true } };
    default:
      return {
        method: 'POST',
        path: `${server}/${command}`,
        ...(random.chance(0.3) && { body: { if_busy: 'queue' } }),
      };
  }
}

const changes = ({ ramMb }: Habits, random: Random): readonly Readonly<Record<string, unknown>>[] => [
  { name: `renamed-${random.int(1, 99)}` },
  { env: { MOTD: `Day ${random.int(1, 99)}` } },
  { ram_mb: ramMb + 64 * random.int(0, 2) },
];

/** Keys are no matter of the seed: each of a thousand runs must have its own. */
const key = (random: Random): string => `${random.int(0, 0xffff).toString(16)}-${randomUUID()}`;

const wait = ({ patienceSeconds }: Habits, random: Random) =>
  random.chance(0.3) ? { waitSeconds: random.int(1, patienceSeconds) } : {};
