/**
 * A long-lived conversation with one `baton-node serve`: a request a line, an answer a line, in order. A beat is then one
 * round trip without a process of its own.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { errors } from '../errors.ts';
import { type HelperCommand, type RunHelper, readAnswer } from './commands.ts';

export interface HelperSession {
  /** Asks; several may be asked at once, and are answered one after the other. */
  readonly run: RunHelper;
  /** Resolves with the reason once nothing can be asked any more. */
  readonly ended: Promise<Error>;
  /** @param reason what those who wait are told */
  close(reason?: Error): void;
}

/** A beat is a few processes on a machine that may be busy; past this the answer is late enough to count as missed. */
const DEADLINE_MS = 6_000;

interface Waiting {
  readonly command: HelperCommand<unknown>;
  answer(text: string): void;
  fail(reason: Error): void;
}

/**
 * @param input what the helper says
 * @param output what the helper hears; closing it ends the helper
 */
export function openHelperSession(input: Readable, output: Writable): HelperSession {
  const waiting = new Map<string, Waiting>();
  const ended = Promise.withResolvers<Error>();
  let turn = 0;
  let over: Error | null = null;

  const end = (reason: Error) => {
    if (over !== null) return;
    over = reason;
    for (const each of waiting.values()) each.fail(reason);
    waiting.clear();
    ended.resolve(reason);
    output.end();
  };
  const closed = () => end(errors.node_unreachable({ reason: 'the helper ended' }));
  createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    .on('line', (line) => {
      const [number = '', ...rest] = line.split(' ');
      const each = waiting.get(number);
      waiting.delete(number);
      each?.answer(rest.join(' '));
    })
    .on('close', closed);
  for (const stream of [input, output]) stream.on('error', closed);
  output.on('close', closed);

  return {
    ended: ended.promise,
    close: (reason = errors.node_unreachable({ reason: 'the conversation was closed' })) => end(reason),
    run<T>(command: HelperCommand<T>, { signal, deadlineMs = DEADLINE_MS } = {} as Parameters<RunHelper>[1] & object) {
      if (over !== null) return Promise.reject(over);
      signal?.throwIfAborted();
      turn += 1;
      const number = String(turn);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const late = AbortSignal.timeout(deadlineMs);
      const giveUp = () => {
        // Its answer, should it still come, finds nobody.
        waiting.delete(number);
        reject(
          signal?.aborted
            ? signal.reason
            : errors.command_timeout({ command: command.words[0], seconds: deadlineMs / 1000 }),
        );
      };
      for (const each of [late, signal]) each?.addEventListener('abort', giveUp, { once: true });
      waiting.set(number, {
        command,
        answer(text) {
          try {
            resolve(readAnswer(command, text));
          } catch (thrown) {
            reject(thrown);
          }
        },
        fail: reject,
      });
      output.write(`${number} ${command.words.join(' ')}\n`);
      return promise.finally(() => {
        for (const each of [late, signal]) each?.removeEventListener('abort', giveUp);
      });
    },
  };
}
