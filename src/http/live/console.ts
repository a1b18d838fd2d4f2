import type { Conductor } from '../../conductor/types.ts';

/** Lines of one moment, gathered so that a game that prints thousands costs few messages. */
export interface ConsoleLines {
  readonly lines: readonly string[];
  /** Lines left out before these, because the client did not keep up. */
  readonly dropped: number;
}

export interface ConsoleDeps {
  readonly followLogs: Conductor['followLogs'];
  send(lines: ConsoleLines): void;
  /** True while the client has too much to read already. */
  busy(): boolean;
  failed(thrown: unknown): void;
}

/** Most lines of one message. */
const BATCH_LINES = 200;

/**
 * Follows a server's console for one client. Lines are not in the event log, so a client that does not keep up loses some, and is told
 * how many. Returns how to stop.
 */
export function followConsole(serverId: string, tail: number, deps: ConsoleDeps): () => void {
  const stop = new AbortController();
  let lines: string[] = [];
  let dropped = 0;
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    if (stop.signal.aborted || lines.length === 0) return;
    if (deps.busy()) {
      dropped += lines.length;
    } else {
      deps.send({ lines, dropped });
      dropped = 0;
    }
    lines = [];
  };

  const onLine = (line: string) => {
    lines.push(line);
    if (lines.length >= BATCH_LINES) flush();
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  deps.followLogs(serverId, tail, onLine, stop.signal).catch((thrown: unknown) => {
    if (!stop.signal.aborted) deps.failed(thrown);
  });
  return () => stop.abort();
}
