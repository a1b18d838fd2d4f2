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
  /** Says that this process is about to kill the container; holds until its end is told, or until withdrawn. */
  expectKill(containerId: string): void;
  /** There was nothing to kill, or the container is started anew. */
  withdrawKill(containerId: string): void;
  /** Docker has sent a signal. `signal` is a number or a name, as Docker writes it; `at` in Unix ms by Docker's clock. */
  signalled(containerId: string, signal: string, at: number): void;
  /** Whether the end that is told now was asked for. `stopSignal` is the container's own. */
  ended(containerId: string, at: number, stopSignal: string): boolean;
  /** Forgets the signals: the container has started anew, or is gone. */
  forget(containerId: string): void;
}

export function createStopRequests(): StopRequests {
  const killed = new Set<string>();
  /** By container: when each signal was last sent. */
  const signals = new Map<string, Map<number, number>>();
  return {
    expectKill: (containerId) => void killed.add(containerId),
    withdrawKill: (containerId) => void killed.delete(containerId),
    signalled(containerId, signal, at) {
      const number = signalNumber(signal);
      const sent = signals.get(containerId) ?? new Map<number, number>();
      if (number !== null) signals.set(containerId, sent.set(number, at));
    },
    ended(containerId, at, stopSignal) {
      if (killed.delete(containerId)) return true;
      const sent = signals.get(containerId);
      return [constants.signals.SIGTERM, constants.signals.SIGINT, signalNumber(stopSignal)].some((number) => {
        const sentAt = number === null ? undefined : sent?.get(number);
        return sentAt !== undefined && at - sentAt <= STOP_WINDOW_MS;
      });
    },
    forget: (containerId) => void signals.delete(containerId),
  };
}

/** Docker takes and gives `15`, `TERM` and `SIGTERM`. */
function signalNumber(text: string): number | null {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  const name = text.toUpperCase().startsWith('SIG') ? text.toUpperCase() : `SIG${text.toUpperCase()}`;
  return (constants.signals as Record<string, number>)[name] ?? null;
}
