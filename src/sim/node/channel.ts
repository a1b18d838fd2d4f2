/**
 * The way from a process to a machine, with the rules of `nodes/ssh/way.ts`: one connection, which is opened by whoever asks
 * the machine how it is; all others use the one that is there, or fail at once. It breaks when the machine closes it, has
 * booted, or does not answer; what is under way on it then never arrives, or nobody hears of it.
 */
import type { Clock } from '../../actors/ports.ts';
import { errors } from '../../nodes/index.ts';
import type { Call, Link } from '../link.ts';
import type { Boot, Machine } from './machine.ts';
import type { Sshd } from './sshd.ts';

export interface Asked<T> extends Pick<Call<T>, 'point' | 'signal' | 'deadlineMs' | 'stops'> {
  /** Whether a connection is opened for it if there is none. */
  readonly opens?: boolean;
  /** What the machine does once the question has arrived. `over` aborts when the caller has gone, if it `stops`. */
  readonly run: (boot: Boot, over: AbortSignal) => Promise<T> | T;
}

export interface Channel {
  /** Throws `node_unreachable`, `engine_timeout`, the signal's reason, and what the machine throws. */
  call<T>(asked: Asked<T>): Promise<T>;
  /** Aborts once we know that the connection which is there has ended; null when there is none. */
  ended(): AbortSignal | null;
  close(): void;
  /** Whether questions and answers come through at this very moment. */
  reachable(): boolean;
}

export interface ChannelParts {
  readonly link: Link;
  readonly machine: Machine;
  readonly sshd: Sshd;
  readonly clock: Clock;
  readonly reachable: () => boolean;
  /** Brings news from the machine to the process, or does not. */
  readonly hear: (news: () => void) => void;
  /** The machine that Baton runs on is always connected. */
  readonly local: boolean;
}

/** The numbers of `nodes/limits.ts`. */
const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 3_000;
const KEEP_ALIVE_MISSES = 2;

interface Connection {
  readonly id: number;
  readonly ended: AbortSignal;
  end(reason: string): void;
}

const gone = (reason: string) => errors.node_unreachable({ reason });
const never = (): Promise<never> => new Promise(() => {});

export function createChannel({ link, machine, sshd, clock, reachable, hear, local }: ChannelParts): Channel {
  let opening: Promise<Connection> | null = null;
  let current: Connection | null = null;

  async function connect(): Promise<Connection> {
    const controller = new AbortController();
    const end = (reason: string): void => {
      controller.abort(gone(reason));
      if (current?.ended === controller.signal) current = null;
    };
    const onClosed = (): void => hear(() => end(`${machine.name} has closed the connection`));
    const id = await link.call({
      point: 'ssh.open',
      deadlineMs: CONNECT_MS,
      failure: () => gone(`${machine.name} does not answer`),
      run: () => (machine.boot === null ? never() : sshd.accept(machine.boot, onClosed)),
    });
    controller.signal.throwIfAborted();
    current = { id, ended: controller.signal, end };
    if (!local) keepAlive(current, 0);
    return current;
  }

  function keepAlive(connection: Connection, misses: number): void {
    clock.schedule(KEEP_ALIVE_MS, () => {
      if (connection.ended.aborted) return;
      const missed = reachable() && machine.boot !== null ? 0 : misses + 1;
      if (missed > KEEP_ALIVE_MISSES) connection.end(`${machine.name} has not answered`);
      else keepAlive(connection, missed);
    });
  }

  function open(): Promise<Connection> {
    opening ??= connect().finally(() => {
      opening = null;
    });
    return opening;
  }

  async function connection(opens: boolean): Promise<Connection> {
    if (current !== null) return current;
    if (opens || local || opening !== null) return open();
    throw gone('there is no connection to it');
  }

  return {
    reachable,
    ended: () => current?.ended ?? null,
    close: () => current?.end('the connection was closed'),
    async call({ point, signal, deadlineMs, stops = false, opens = false, run }) {
      signal?.throwIfAborted();
      const { id, ended, end } = await connection(opens);
      return link.call({
        point,
        deadlineMs,
        stops,
        signal: signal === undefined ? ended : AbortSignal.any([signal, ended]),
        failure: (late) =>
          late ? errors.engine_timeout({ call: point, seconds: deadlineMs / 1000 }) : gone('it broke off'),
        run(over) {
          const { boot } = machine;
          if (boot === null) return never();
          if (sshd.isOpen(id, boot)) return run(boot, over);
          hear(() => end(`${machine.name} knows nothing of the connection`));
          return never();
        },
      });
    },
  };
}
