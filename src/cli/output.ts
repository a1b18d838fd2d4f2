/** Writes for a program: one JSON document. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What is said beside the result: progress, hints, errors. It does not get into a pipe. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Columns as wide as their widest cell. Numbers are set flush right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const text = [head, ...rows].map((row) => row.map((cell) => (cell === null ? '-' : String(cell))));
  const widths = head.map((_, column) => Math.max(...text.map((row) => row[column]?.length ?? 0)));
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return text
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
