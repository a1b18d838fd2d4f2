import type { Remote } from 'comlink';
import { type Ask, toRows, wordsOf } from './ask.ts';
import { errors } from './errors.ts';
import { explain, type RowVerdict } from './explain.ts';
import { readFleet } from './fleet.ts';
import type { FleetMemory, Generation } from './fleet-memory.ts';
import { PLANNER_LIMITS, type PlannerLimits } from './limits.ts';
import { place, placeBatch } from './place.ts';
import type { Strategy } from './strategies.ts';
import type { Batch } from './threads/batch.ts';
import type { CapacityModel } from './threads/capacity.ts';
import { createPool } from './threads/pool.ts';
import { createSupervised, type Supervision } from './threads/supervised.ts';
import { type WhatIf, whatIf, whatIfToRows } from './what-if.ts';

/** What is said of one node. */
export interface Verdict extends Omit<RowVerdict, 'row'> {
  readonly node: string;
}

/**
 * Answers where servers go, out of the fleet's picture. An answer is a proposal: only the node's own mailbox gives room, by the
 * same rule (`fits`).
 *
 * All methods throw `planner_unavailable`, `planner_overloaded` or `planner_closed`.
 */
export interface Planner {
  /** The node for a server; null if there is none. */
  place(ask: Ask): Promise<string | null>;
  /** The same for servers that wait together, in their order. Throws `batch_too_large`. */
  placeBatch(asks: readonly Ask[]): Promise<readonly (string | null)[]>;
  /** Every node: why not, or its score and rank. */
  explain(ask: Ask): Promise<readonly Verdict[]>;
  /** Where servers would go in another fleet; added nodes by their ids. Throws `batch_too_large`. */
  whatIf(question: WhatIf): Promise<readonly (string | null)[]>;
  close(): Promise<void>;
}

export interface PlannerParts extends Pick<Supervision, 'clock' | 'report'> {
  readonly memory: FleetMemory;
  readonly strategy?: Strategy;
  readonly limits?: Partial<PlannerLimits>;
}

const CAPACITY = new URL('./threads/capacity.ts', import.meta.url);
const BATCH = new URL('./threads/batch.ts', import.meta.url);

/** The planner on threads of its own: a single question to the one that keeps its picture, a batch to the pool. */
export function createPlanner({ memory, clock, report, strategy = 'best_fit', ...parts }: PlannerParts): Planner {
  const limits: PlannerLimits = { ...PLANNER_LIMITS, ...parts.limits };
  const { attempts, waitingMax, batchThreads, batchMax, questionDeadlineMs, batchDeadlineMs } = limits;
  const supervision = { clock, report, attempts, waitingMax };
  const capacity = createSupervised<CapacityModel>(CAPACITY, { ...supervision, deadlineMs: questionDeadlineMs });
  const pool = createPool<Batch, Int32Array>(BATCH, batchThreads, { ...supervision, deadlineMs: batchDeadlineMs });
  const attached = new WeakMap<object, number>();

  /** Rows are of the generation that is current when the question is asked, and of another one if it is asked again. */
  const ask = <A>(question: (model: Remote<CapacityModel>, generation: Generation) => Promise<A>): Promise<A> =>
    capacity.ask(async (model) => {
      const generation = memory.current;
      if (attached.get(model) !== generation.number) await model.attach(generation.buffer);
      attached.set(model, generation.number);
      return question(model, generation);
    });

  return {
    place: (wanted) =>
      ask(async (model, generation) =>
        nodeOf(generation, await model.place(toRows(wordsOf(generation), wanted), strategy)),
      ),
    async placeBatch(asks) {
      checkSize(asks, batchMax);
      const generation = memory.current;
      const rowAsks = asks.map((one) => toRows(wordsOf(generation), one));
      const rows = await pool.run({ buffer: generation.buffer, asks: rowAsks, strategy });
      return Array.from(rows, (row) => nodeOf(generation, row));
    },
    explain: (wanted) =>
      ask(async (model, generation) =>
        verdicts(generation, await model.explain(toRows(wordsOf(generation), wanted), strategy)),
      ),
    async whatIf(question) {
      checkSize(question.asks, batchMax);
      return ask(async (model, generation) =>
        supposed(generation, question, await model.whatIf(whatIfToRows(generation, question), strategy)),
      );
    },
    async close() {
      await Promise.all([capacity.close(), pool.close()]);
    },
  };
}

/** The planner without threads, for the simulator, where everything runs in one and under one seed. */
export function createInlinePlanner({
  memory,
  strategy = 'best_fit',
}: Pick<PlannerParts, 'memory' | 'strategy'>): Planner {
  const fleetOf = ({ buffer }: Generation) => readFleet(new Int32Array(buffer));
  return {
    async place(wanted) {
      const generation = memory.current;
      return nodeOf(generation, place(fleetOf(generation), toRows(wordsOf(generation), wanted), strategy));
    },
    async placeBatch(asks) {
      const generation = memory.current;
      const rowAsks = asks.map((one) => toRows(wordsOf(generation), one));
      return Array.from(placeBatch(fleetOf(generation), rowAsks, strategy), (row) => nodeOf(generation, row));
    },
    async explain(wanted) {
      const generation = memory.current;
      return verdicts(generation, explain(fleetOf(generation), toRows(wordsOf(generation), wanted), strategy));
    },
    async whatIf(question) {
      const generation = memory.current;
      const rows = whatIf(fleetOf(generation), whatIfToRows(generation, question), strategy);
      return supposed(generation, question, rows);
    },
    async close() {},
  };
}

function checkSize(asks: readonly Ask[], most: number): void {
  if (asks.length > most) throw errors.batch_too_large({ most, asked: asks.length });
}

const nodeOf = (generation: Generation, row: number): string | null => (row < 0 ? null : generation.idOf(row));

const verdicts = (generation: Generation, found: readonly RowVerdict[]): Verdict[] =>
  found.map(({ row, ...verdict }) => ({ node: generation.idOf(row), ...verdict }));

const supposed = (generation: Generation, { added = [] }: WhatIf, rows: Int32Array): (string | null)[] =>
  Array.from(rows, (row) => (row < -1 ? (added[-2 - row]?.id ?? null) : nodeOf(generation, row)));
