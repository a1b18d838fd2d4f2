/**
 * The way from a process to a machine: one connection, opened when it is needed. It breaks when the machine closes it, has
 * booted, or does not answer in time; what is under way on it then never arrives, or nobody hears of it.
 */
import { errors } from '../../nodes/index.ts';
import type { Call, Link } from '../link.ts';
import type { Boot, Machine } from './machine.ts';
import type { Sshd } from './sshd.ts';

export interface Asked<T> extends Pick<Call<T>, 'point' | 'signal' | 'deadlineMs' | 'stops'> {
  /** What the machine does once the question has arrived. `over` aborts when the caller has gone, if it `stops`. */
  readonly run: (boot: Boot, over: AbortSignal) => Promise<T> | T;
}

export interface Channel {
  /** Throws `node_unreachable`, `engine_timeout`, the signal's reason, and what the machine throws. */
  call<T>(asked: Asked<T>): Promise<T>;
  /** Makes sure of a connection. Its signal aborts once we know that it has ended. Throws `node_unreachable`. */
  open(): Promise<AbortSignal>;
  close(): void;
  /** Whether questions and answers come through at this very moment. */
  reachable(): boolean;
}

export interface ChannelParts {
  readonly link: Link;
  readonly machine: Machine;
  readonly sshd: Sshd;
  readonly reachable: () => boolean;
  /** Brings news from the machine to the process, or does not. */
  readonly hear: (news: () => void) => void;
}

/** What ssh waits for an answer when it connects. */
const CONNECT_MS = 8_000;

interface Connection {
  readonly id: number;
  readonly ended: AbortSignal;
  end(reason: string): void;
}

const gone = (reason: string) => errors.node_unreachable({ reason });
const never = (): Promise<never> => new Promise(() => {});

export function createChannel({ link, machine, sshd, reachable, hear }: ChannelParts): Channel {
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
    current = { id, ended: controller.signal, end };
    return current;
  }

  function open(): Promise<Connection> {
    if (current !== null) return Promise.resolve(current);
    opening ??= connect().finally(() => {
      opening = null;
    });
    return opening;
  }

  return {
    reachable,
    open: async () => (await open()).ended,
    close: () => current?.end('the connection was closed'),
    async call({ point, signal, deadlineMs, stops = false, run }) {
      signal?.throwIfAborted();
      const { id, ended, end } = await open();
      return link.call({
        point,
        deadlineMs,
        stops,
        signal: signal === undefined ? ended : AbortSignal.any([signal, ended]),
        failure(late) {
          // Whoever hears nothing for so long gives the connection up, and with it all that is under way.
          if (late) end(`${machine.name} has not answered`);
          return late ? errors.engine_timeout({ call: point, seconds: deadlineMs / 1000 }) : gone('it broke off');
        },
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
