/**
 * Did somebody ask the engine to stop this container? That tells `docker stop` from a crash.
 *
 * Docker tells of every signal that was sent through it (`kill` events) before it tells of the end (`die`). The rule:
 *
 * | what came before the end | requested |
 * | --- | --- |
 * | a stop signal (SIGTERM, SIGINT or the container's own) within {@link STOP_WINDOW_MS} | yes |
 * | SIGKILL after such a stop signal: the grace had run out | yes, by the line above |
 * | SIGKILL through this engine object ({@link StopRequests.expectKill}) | yes |
 * | SIGKILL from elsewhere, such as `docker kill` or the kernel | no: a game killed without warning has crashed |
 * | the container is being removed (`docker rm -f`) | yes |
 * | nothing | no |
 */
import { constants } from 'node:os';

/** Longer than any template's grace. A game that took a SIGTERM and lives on has not been stopped by it. */
export const STOP_WINDOW_MS = 5 * 60_000;

export interface StopRequests {
  /** Says that this process is about to kill the container. */
  expectKill(containerId: string): void;
  /** Docker has sent a signal. `signal` is a number or a name, as Docker writes it; `at` in Unix ms by Docker's clock. */
  signalled(containerId: string, signal: string, at: number): void;
  /** Whether an end at this time was asked for. `stopSignal` is the container's own. */
  requested(containerId: string, at: number, stopSignal: string): boolean;
  /** Forgets the container: it has started anew, or is gone. */
  forget(containerId: string): void;
}

export function createStopRequests(): StopRequests {
  const killed = new Set<string>();
  const signals = new Map<string, Map<number, number>>();
  return {
    expectKill: (containerId) => void killed.add(containerId),
    signalled(containerId, signal, at) {
      const number = signalNumber(signal);
      const seen = signals.get(containerId) ?? new Map<number, number>();
      if (number !== null) signals.set(containerId, seen.set(number, at));
    },
    requested(containerId, at, stopSignal) {
      if (killed.has(containerId)) return true;
      const seen = signals.get(containerId) ?? new Map<number, number>();
      return [constants.signals.SIGTERM, constants.signals.SIGINT, signalNumber(stopSignal)].some((number) => {
        const sentAt = number === null ? undefined : seen.get(number);
        return sentAt !== undefined && at - sentAt <= STOP_WINDOW_MS;
      });
    },
    forget(containerId) {
      killed.delete(containerId);
      signals.delete(containerId);
    },
  };
}

/** Docker takes and gives `15`, `TERM` and `SIGTERM`. */
function signalNumber(text: string): number | null {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  const name = text.toUpperCase().startsWith('SIG') ? text.toUpperCase() : `SIG${text.toUpperCase()}`;
  return (constants.signals as Record<string, number>)[name] ?? null;
}
