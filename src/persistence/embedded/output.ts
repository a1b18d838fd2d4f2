/** What the programs of PostgreSQL write, and the one sentence in it that says why they failed. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const REASON = /(?:FATAL|PANIC|error|ERROR):\s*(.+)$/;
const FULL = /No space left on device|Disk quota exceeded/;

export interface Outcome {
  /** Null when it was ended by a signal or could not be started. */
  readonly code: number | null;
  readonly reason: string;
}

/** Collects lines and picks the reason out of them. */
export class Reasons {
  readonly #lines: string[] = [];

  add(line: string): void {
    if (line.trim() !== '') this.#lines.push(line.trim());
    if (this.#lines.length > 50) this.#lines.shift();
  }

  /** The best explanation in what was written; `fallback` when nothing was. */
  reason(fallback: string): string {
    if (this.#lines.some((line) => FULL.test(line))) return 'the disk is full.';
    const named = this.#lines.findLast((line) => REASON.test(line));
    return (named && REASON.exec(named)?.[1]) ?? this.#lines.at(-1) ?? fallback;
  }
}

/** Calls `onLine` for each line of both outputs. */
export function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }
}

/** Waits for a program's end. Never rejects: a program that cannot be started has its reason, too. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const reasons = new Reasons();
  readLines(child, (line) => reasons.add(line));
  return new Promise((done) => {
    child.once('error', (error) => done({ code: null, reason: error.message }));
    child.once('close', (code, signal) => {
      done({ code, reason: reasons.reason(`it ended with ${signal ?? `exit code ${code}`}.`) });
    });
  });
}
