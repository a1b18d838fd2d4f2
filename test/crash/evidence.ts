/** All that the checks look at: rows, containers and worlds as they are now, and what callers were told. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyMachineSnapshot } from 'xstate';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import type { Asked } from './client.ts';
import { type Machine, type SeenContainer, worldsDir } from './machine.ts';
import { withDatabase } from './template.ts';

/** A row as the database has it; names are its columns'. */
export type Row = Readonly<Record<string, unknown>>;

export interface ActorRow {
  readonly address: string;
  readonly kind: string;
  readonly id: string;
  readonly seq: number;
  /** As it is stored: state, context, children. */
  readonly snapshot: Pick<AnyMachineSnapshot, 'value' | 'context' | 'status'> & {
    readonly children: Readonly<Record<string, unknown>>;
  };
  readonly quarantined: unknown;
}

export interface World {
  readonly files: readonly string[];
  /** What the first user who saw the server run left there. */
  readonly mark: string | null;
}

const TABLES = {
  servers: 'select * from servers',
  journal: 'select address, seq, at, event, from_state, to_state, operation_id from journal order by id',
  timers: 'select * from timers',
  effects: 'select * from effects',
  messages: 'select * from messages',
  stash: 'select * from stash',
  operations: 'select * from operations',
  deadLetters: 'select * from dead_letters',
  events: 'select * from events order by seq',
  ports: 'select * from ports',
  reservations: 'select * from reservations',
  notes: 'select * from crash_notes order by n',
} as const;

export type Tables = { readonly [T in keyof typeof TABLES]: readonly Row[] };

export interface Evidence extends Tables {
  readonly containers: readonly SeenContainer[];
  readonly networks: readonly string[] | null;
  readonly actors: readonly ActorRow[];
  /** By server id. */
  readonly worlds: ReadonlyMap<string, World>;
  readonly portRange: { readonly first: number; readonly last: number };
  readonly asked: readonly Asked[];
  /** Sequence numbers of the events that a follower read, in the order in which it did. */
  readonly followed: readonly number[];
}

export const MARK = '.crash-suite';

/** Rows of one moment, then what the machine has; the caller looks again when they were of different moments. */
export async function gather(
  dataDir: string,
  engine: EngineKind,
  machine: Machine,
  told: Pick<Evidence, 'asked' | 'followed' | 'portRange'>,
): Promise<Evidence> {
  const { tables, actors, nodeId } = await withDatabase(dataDir, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    const tables: Partial<Record<keyof Tables, readonly Row[]>> = {};
    for (const [name, sql] of Object.entries(TABLES)) tables[name as keyof Tables] = (await client.query(sql)).rows;
    const { rows: actors } = await client.query(
      `select address, kind, split_part(address, '/', 2) as id, seq, snapshot, quarantined from actors`,
    );
    const { rows: nodes } = await client.query('select id from nodes where engine = $1', [engine]);
    await client.query('commit');
    return { tables: tables as Tables, actors: actors as readonly ActorRow[], nodeId: String(nodes[0]?.id) };
  });
  const [containers, networks] = [await machine.containers(), await machine.networks(nodeId)];
  return { ...tables, actors, containers, networks, worlds: await worlds(worldsDir(dataDir, engine)), ...told };
}

async function worlds(directory: string): Promise<ReadonlyMap<string, World>> {
  const ids = await readdir(directory).catch(() => []);
  const found = await Promise.all(
    ids.map(async (id) => {
      const data = join(directory, id, 'data');
      const exists = await stat(data).then(
        () => true,
        () => false,
      );
      const files = exists ? await readdir(data, { recursive: true }) : [];
      const mark = await readFile(join(data, MARK), 'utf8').catch(() => null);
      return [id, { files, mark }] as const;
    }),
  );
  return new Map(found);
}
