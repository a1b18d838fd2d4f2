import type { Clock } from '../../actors/ports.ts';
import type { Conductor } from '../../conductor/types.ts';
import type { ServerStatus } from '../../machines/server/types.ts';

/** Lines of one moment, gathered so that a game that prints thousands costs few messages. */
export interface ConsoleLines {
  readonly lines: readonly string[];
  /** Lines left out before these, because the client did not keep up. */
  readonly dropped: number;
}

export interface ConsoleDeps {
  readonly conductor: Pick<Conductor, 'followLogs' | 'onEvent' | 'reads'>;
  readonly clock: Pick<Clock, 'schedule'>;
  send(lines: ConsoleLines): void;
  /** True while the client has too much to read already. */
  busy(): boolean;
  failed(thrown: unknown): void;
}

/** Most lines of one message. */
const BATCH_LINES = 200;
/** What is shown of a container that came up while nobody looked; the last lines of one start fit in. */
const CATCH_UP_LINES = 1000;
/** Between two looks for a container that is about to print; short for a person, long for a database. */
const LOOK_AGAIN_MS = 500;
/** After the node or the database did not answer. */
const RETRY_MS = 5000;

/** Statuses in which a container that prints nothing yet may do so at any moment. */
const WAKEFUL: ReadonlySet<ServerStatus> = new Set(['starting', 'rebuilding', 'stopping', 'running']);

/**
 * Follows a server's console for one client, from one container to the next, until it is stopped or the server is purged. Lines are
 * not in the event log, so a client that does not keep up loses some, and is told how many. Returns how to stop.
 */
export function followConsole(serverId: string, tail: number, deps: ConsoleDeps): () => void {
  const { conductor, clock } = deps;
  const stop = new AbortController();
  const { signal } = stop;
  const onLine = gather(deps, signal);
  const waker = createWaker(clock);
  let container: string | null | undefined;
  let wanted = tail;

  /** Follows what there is to its end. Answers how long to wait for more if nothing happens to the server; null is for ever. */
  async function look(): Promise<number | null> {
    const row = await conductor.reads.server(serverId, { includeDeleted: true });
    if (row === null) {
      stop.abort();
      return null;
    }
    // A new container has a log of its own, which nobody has seen.
    if (container !== undefined && row.containerId !== container) wanted = CATCH_UP_LINES;
    container = row.containerId;
    const seen = (line: string) => {
      wanted = 0;
      onLine(line);
    };
    await conductor.followLogs(serverId, wanted, seen, signal);
    return WAKEFUL.has(row.status) ? LOOK_AGAIN_MS : null;
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const changes = waker.changes();
      const pause = await look().catch((thrown: unknown) => {
        if (!signal.aborted) deps.failed(thrown);
        return RETRY_MS;
      });
      if (!signal.aborted) await waker.beyond(changes, pause);
    }
  }

  const stopListening = conductor.onEvent(({ subject }) => {
    if (subject.kind === 'server' && subject.id === serverId) waker.wake();
  });
  signal.addEventListener('abort', () => {
    stopListening();
    waker.wake();
  });
  void follow();
  return () => stop.abort();
}

/** Counts what happens, so that something between a look and the wait for a change is not slept through. */
function createWaker(clock: Pick<Clock, 'schedule'>) {
  let count = 0;
  let wake = () => {};
  return {
    changes: () => count,
    wake() {
      count += 1;
      wake();
    },
    /** Resolves as soon as there were more changes than so many, or after the pause. */
    async beyond(changes: number, pauseMs: number | null): Promise<void> {
      if (count > changes) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const cancel = pauseMs === null ? () => {} : clock.schedule(pauseMs, resolve);
      await promise;
      cancel();
    },
  };
}

/** Sends lines in batches: those of one turn of the event loop together. */
function gather({ send, busy }: ConsoleDeps, signal: AbortSignal): (line: string) => void {
  let lines: string[] = [];
  let dropped = 0;
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    if (signal.aborted || lines.length === 0) return;
    if (busy()) {
      dropped += lines.length;
    } else {
      send({ lines, dropped });
      dropped = 0;
    }
    lines = [];
  };

  return (line) => {
    lines.push(line);
    if (lines.length >= BATCH_LINES) flush();
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };
}
