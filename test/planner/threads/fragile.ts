/** A job that hangs or dies as often as a word of shared memory says, and then answers. */
export type Fault = 'hang' | 'exit' | 'throw';

export interface FragileJob {
  readonly fault: Fault;
  /** How often it still happens, in its first word. */
  readonly times: SharedArrayBuffer;
  readonly value: number;
}

export default function answer({ fault, times, value }: FragileJob): number | Promise<never> {
  const left = new Int32Array(times);
  if (Atomics.load(left, 0) <= 0) return value;
  Atomics.sub(left, 0, 1);
  fail(fault);
  // Nothing is answered before the error is thrown, in a turn of its own.
  return new Promise(() => {});
}

function fail(fault: Fault): void {
  if (fault === 'exit') process.exit(3);
  if (fault === 'throw') {
    queueMicrotask(() => {
      throw new Error('uncaught');
    });
    return;
  }
  for (;;);
}
