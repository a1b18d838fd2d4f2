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
  /** Throws `node_unreachable` unless the circuit is closed: for those who do not want to wait for somebody else's try. */
  assertClosed(): void;
}

/** @param onOpen called whenever the circuit opens, also after a try that failed */
export function createCircuit({ circuitFailures, circuitOpenMs }: SshLimits, onOpen: () => void): Circuit {
  const breaker = circuitBreaker(handleWhen(isSilence), {
    breaker: new ConsecutiveBreaker(circuitFailures),
    halfOpenAfter: new IterableBackoff([...circuitOpenMs]),
  });
  breaker.onBreak(onOpen);
  const isOpen = () =>
    errors.node_unreachable({ reason: `it did not answer ${circuitFailures} calls in a row, and is tried again soon` });
  return {
    async run(call) {
      try {
        return await breaker.execute(call);
      } catch (thrown) {
        throw thrown instanceof BrokenCircuitError ? isOpen() : thrown;
      }
    },
    assertClosed() {
      if (breaker.state !== CircuitState.Closed) throw isOpen();
    },
  };
}

const SILENT: ReadonlySet<string> = new Set([errors.node_unreachable.code, errors.command_timeout.code]);

/** That the machine gave no answer. A caller's own deadline counts; that somebody has lost interest does not. */
export const isSilence = (thrown: unknown): boolean =>
  thrown instanceof BatonError ? SILENT.has(thrown.code) : thrown instanceof Error && thrown.name === 'TimeoutError';
