/** What happened in a run, a line each, and one number over all of it: the same seed has the same one. */
import { createHash } from 'node:crypto';
import type { Time } from './time.ts';

export interface Trace {
  say(what: string): void;
  /** Of all lines so far; the trace can be gone on with. */
  hash(): string;
}

/** @param onLine hears each line as it is said */
export function createTrace(time: Time, onLine?: (line: string) => void): Trace {
  const hash = createHash('sha256');
  return {
    say(what) {
      const line = `${time.now().toFixed(3)} ${what}\n`;
      hash.update(line);
      onLine?.(line);
    },
    hash: () => hash.copy().digest('hex').slice(0, 16),
  };
}
