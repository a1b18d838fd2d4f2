/** `npm run bench -- <name> [--json] [options]`: runs one benchmark beside its baselines. Without a name it lists them. */
import { parseArgs } from 'node:util';
import { hardware } from './hardware.ts';
import { describe } from './report.ts';

/** What a benchmark gives: figures as JSON, and lines for people. */
export interface Benchmark {
  readonly about: string;
  run(
    options: BenchmarkOptions,
  ): Promise<{ readonly figures: Record<string, unknown>; readonly lines: readonly string[] }>;
}

export interface BenchmarkOptions {
  /** How often everything is measured; medians are reported. */
  readonly rounds: number;
  /** How long one measurement takes. */
  readonly seconds: number;
  readonly log: (line: string) => void;
}

const BENCHMARKS: Record<string, () => Promise<Benchmark>> = {
  packing: async () => (await import('./packing.ts')).packing,
  placement: async () => (await import('./placement.ts')).placement,
  turns: async () => (await import('./turns.ts')).turns,
  actors: async () => (await import('./actors.ts')).actors,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
  },
});

const load = BENCHMARKS[positionals[0] ?? ''];
if (load === undefined) {
  process.stdout.write('npm run bench -- <name> [--json] [--rounds 5] [--seconds 2]\n\n');
  for (const [name, open] of Object.entries(BENCHMARKS)) {
    process.stdout.write(`${name.padEnd(10)} ${(await open()).about}\n`);
  }
  process.exitCode = positionals.length === 0 ? 0 : 2;
} else {
  const benchmark = await load();
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), log };
  const { figures, lines } = await benchmark.run(options);
  const report = { benchmark: positionals[0], at: new Date().toISOString(), hardware: hardware(), ...figures };
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : describe(report.hardware, lines));
}
