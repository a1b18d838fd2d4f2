/** A node's answer, as its statechart wants it. */
import type { NodeKind, NodeKnown, Reading } from '../../machines/node/index.ts';
import type { NodeReading } from '../interfaces/link.ts';

/** Over which the use of the processor is a mean: booting a server takes all there is for a while. */
const CPU_WINDOW_MS = 60_000;

/** Less than this says nothing about the window. */
const CPU_WINDOW_LEAST_MS = 45_000;

const KB_PER_MB = 1024;

/** An engine counts as silent after so many answers of its machine without its own in a row: one that is slow once is not. */
const SILENT_BEATS = 5;

interface Sample {
  readonly clockMs: number;
  readonly busyTicks: number;
  readonly totalTicks: number;
}

/**
 * Turns the answers of one connection into readings. Processor use comes from the difference of two answers, so those of the
 * first moments show none; on the machine that Baton runs on it is not counted at all, since what its owner works there is no reason to
 * keep his servers off; and its size is what he has set. Where the engine did not answer, the inventory is what was known
 * before.
 */
export function createReader(kind: NodeKind) {
  let samples: readonly Sample[] = [];
  let silentBeats = 0;

  return (answer: NodeReading, known: Pick<NodeKnown, 'shown' | 'ramMb' | 'cpus'>): Reading => {
    const { clockMs, cpu, diskKb, memoryKb } = answer;
    const sample = { clockMs, busyTicks: cpu.busyTicks, totalTicks: cpu.totalTicks };
    samples = [...samples.filter((one) => one.clockMs > clockMs - CPU_WINDOW_MS && one.clockMs < clockMs), sample];
    silentBeats = answer.containers === null ? silentBeats + 1 : 0;
    return {
      bootId: answer.bootId,
      clockMs,
      disk: shareUsed(diskKb.total, diskKb.free),
      memory: shareUsed(memoryKb.total, memoryKb.available),
      cpu: kind === 'local' ? 0 : busy(samples[0] ?? sample, sample),
      ...(kind === 'local' ? { ramMb: known.ramMb, cpus: known.cpus } : sizeOf(answer)),
      guarded: kind === 'local' || answer.watchdogs > 0,
      engineSilent: silentBeats >= SILENT_BEATS,
      containers: answer.containers ?? known.shown,
    };
  };
}

/** RAM, cores and disk of the machine that answered. */
const sizeOf = ({ memoryKb, cpu, diskKb }: NodeReading) => ({
  ramMb: Math.floor(memoryKb.total / KB_PER_MB),
  cpus: cpu.count,
  diskMb: Math.floor(diskKb.total / KB_PER_MB),
});

const shareUsed = (total: number, free: number): number =>
  total <= 0 ? 0 : Math.min(1, Math.max(0, 1 - free / total));

function busy(from: Sample, to: Sample): number {
  const total = to.totalTicks - from.totalTicks;
  if (to.clockMs - from.clockMs < CPU_WINDOW_LEAST_MS) return 0;
  return total <= 0 ? 0 : Math.min(1, Math.max(0, (to.busyTicks - from.busyTicks) / total));
}
