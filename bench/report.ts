import type { Hardware } from './hardware.ts';

/** The report for people. */
export function describe({ cpu, cores, ram_gib, system, node, load }: Hardware, lines: readonly string[]): string {
  return `${cores} × ${cpu}, ${ram_gib} GiB, ${system}, Node ${node}, load ${load}\n\n${lines.join('\n')}\n`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which the share `q` of them lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** To so many digits that say something. */
export function rounded(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
