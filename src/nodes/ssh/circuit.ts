/**
 * A machine's circuit: after some calls in a row without any answer the next ones fail at once, so that its slowness is its
 * own. Only whether the *machine* answers counts; what it answers, and how long its Docker takes, does not.
 */
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  IterableBackoff,
} from 'cockatiel';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import type { SshLimits } from '../limits.ts';

export interface Circuit {
  /**
   * Runs what shows whether the machine answers. While the circuit is open it throws `node_unreachable` at once, until the time
   * has come to try again: then one call is let through, and the others wait for it.
   */
  run<T>(call: () => Promise<T>): Promise<T>;
}

/** @param onOpen called whenever the circuit opens, also after a try that failed */
export function createCircuit({ circuitFailures, circuitOpenMs }: SshLimits, onOpen: () => void): Circuit {
  let openedAtMs = Number.NEGATIVE_INFINITY;
  const closed = () => {
    const breaker = circuitBreaker(handleWhen(isSilence), {
      breaker: new ConsecutiveBreaker(circuitFailures),
      halfOpenAfter: new IterableBackoff([...circuitOpenMs]),
    });
    breaker.onBreak(() => {
      openedAtMs = performance.now();
      onOpen();
    });
    return breaker;
  };
  let breaker = closed();
  const isOpen = () =>
    errors.node_unreachable({ reason: `it did not answer ${circuitFailures} calls in a row, and is tried again soon` });

  return {
    async run(call) {
      // The library goes by the wall clock, which may be set back: then it would wait for as long again.
      const longestMs = 2 * Math.max(...circuitOpenMs);
      if (breaker.state === CircuitState.Open && performance.now() - openedAtMs > longestMs) breaker = closed();
      try {
        return await breaker.execute(call);
      } catch (thrown) {
        throw thrown instanceof BrokenCircuitError ? isOpen() : thrown;
      }
    },
  };
}

const SILENT: ReadonlySet<string> = new Set([errors.node_unreachable.code, errors.command_timeout.code]);

/** That the machine gave no answer. A caller's own deadline counts; that somebody has lost interest does not. */
const isSilence = (thrown: unknown): boolean =>
  thrown instanceof BatonError ? SILENT.has(thrown.code) : thrown instanceof Error && thrown.name === 'TimeoutError';
