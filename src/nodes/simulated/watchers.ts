/** Who hears of a simulated engine's events, and when they are cut off from it. */
import type { EngineEvent } from '../../conductor/interfaces/engine.ts';

export interface Watchers {
  add(listener: (event: EngineEvent) => void, onConnected: () => void, signal: AbortSignal): void;
  /** Told soon, in order, never from within the call that caused it. Lost on watchers that are cut off, as in reality. */
  emit(event: EngineEvent): void;
  /** Connects everybody again after a cut. */
  reconnect(): void;
}

export function createWatchers(connected: () => boolean): Watchers {
  const watchers = new Set<{ listener: (event: EngineEvent) => void; onConnected: () => void; signal: AbortSignal }>();
  const greet = (watcher: { onConnected: () => void; signal: AbortSignal }) =>
    queueMicrotask(() => {
      if (connected() && !watcher.signal.aborted) watcher.onConnected();
    });
  return {
    add(listener, onConnected, signal) {
      if (signal.aborted) return;
      const watcher = { listener, onConnected, signal };
      watchers.add(watcher);
      signal.addEventListener('abort', () => watchers.delete(watcher), { once: true });
      greet(watcher);
    },
    emit(event) {
      if (!connected()) return;
      for (const watcher of watchers) {
        queueMicrotask(() => {
          if (!watcher.signal.aborted) watcher.listener(event);
        });
      }
    },
    reconnect() {
      for (const watcher of watchers) greet(watcher);
    },
  };
}
