/** Docker's event stream as {@link EngineEvent}s: in order, without gaps where Docker still remembers, for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { z } from 'zod';
import type { EngineEvent } from '../../conductor/interfaces/engine.ts';
import type { BatonError } from '../../errors.ts';
import { call, openStream, translate } from './client.ts';
import { identityOf, nodeFilter } from './labels.ts';
import { readLines } from './lines.ts';
import type { StopRequests } from './stop-requests.ts';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** A TCP connection can die without a word; a ping beside a quiet stream finds out. */
const PING_EVERY_MS = 10_000;
const PING_DEADLINE_MS = 5_000;

const dockerEvent = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
  timeNano: z.number(),
});
type DockerEvent = z.infer<typeof dockerEvent>;

export interface WatchOptions {
  readonly nodeId: string;
  readonly requests: StopRequests;
  readonly listener: (event: EngineEvent) => void;
  readonly onConnected: () => void;
  /** Told when the stream is lost or an event could not be followed up; the watch goes on by itself. */
  readonly onProblem: (problem: BatonError) => void;
  readonly signal: AbortSignal;
}

/** Returns when the signal aborts. Reconnects from the last event that was seen. */
export async function watchEvents(docker: Docker, options: WatchOptions): Promise<void> {
  const { signal, onConnected, onProblem } = options;
  let lastSeen = 0;
  let backoffMs = FIRST_BACKOFF_MS;
  const connect = async () => {
    const lost = new AbortController();
    const either = AbortSignal.any([signal, lost.signal]);
    const seenBefore = lastSeen;
    const stream = await openStream('follow events', (abortSignal) => follow(docker, options, lastSeen, abortSignal), {
      signal: either,
    });
    backoffMs = FIRST_BACKOFF_MS;
    const giveUp = (thrown: unknown) => lost.abort(thrown);
    const turns = createTurns((event: DockerEvent) => handle(docker, options, event), giveUp);
    const pings = pingWhile(docker, either).catch(giveUp);
    try {
      onConnected();
      await readLines(stream, (line) => {
        const event = dockerEvent.parse(JSON.parse(line));
        // Docker repeats what came since just before the last one.
        if (event.timeNano <= seenBefore) return;
        lastSeen = Math.max(lastSeen, event.timeNano);
        turns.add(event);
      });
      throw new Error('the event stream ended');
    } catch (thrown) {
      throw lost.signal.aborted ? lost.signal.reason : thrown;
    } finally {
      lost.abort();
      stream.destroy();
      await Promise.all([turns.idle(), pings]);
    }
  };
  while (!signal.aborted) {
    await connect().catch((thrown: unknown) => signal.aborted || onProblem(translate('follow events', thrown)));
    await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
  }
}

const follow = (docker: Docker, { nodeId }: WatchOptions, lastSeen: number, abortSignal: AbortSignal) =>
  docker.getEvents({
    filters: { type: ['container'], event: ['create', 'start', 'kill', 'die', 'destroy'], label: nodeFilter(nodeId) },
    ...(lastSeen > 0 ? { since: justBefore(lastSeen) } : {}),
    abortSignal,
  });

/** In seconds. A number cannot hold all nanoseconds, and one that is rounded up would skip what came next. */
const justBefore = (timeNano: number): number => Math.floor(timeNano / 1e3 - 1) / 1e6;

/** Following up takes a call, and the next event must wait for it. */
function createTurns<T>(handleOne: (item: T) => Promise<void>, onError: (thrown: unknown) => void) {
  let tail = Promise.resolve();
  return {
    add(item: T): void {
      tail = tail.then(() => handleOne(item)).catch(onError);
    },
    idle: (): Promise<void> => tail,
  };
}

async function pingWhile(docker: Docker, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(PING_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) await call('ping', () => docker.ping(), { deadlineMs: PING_DEADLINE_MS });
  }
}

async function handle(docker: Docker, options: WatchOptions, event: DockerEvent): Promise<void> {
  const { listener, requests } = options;
  const { ID: containerId, Attributes } = event.Actor;
  const identity = identityOf(Attributes);
  if (identity === null) return;
  const at = event.timeNano / 1e6;
  const plain = { containerId, serverId: identity.serverId, epoch: identity.epoch };
  const alive = { ...plain, exitCode: null, oomKilled: false, requested: false };
  switch (event.Action) {
    case 'create':
      return listener({ type: 'created', ...alive });
    case 'start':
      requests.forget(containerId);
      return listener({ type: 'started', ...alive });
    case 'kill':
      return requests.signalled(containerId, Attributes.signal ?? '', at);
    case 'destroy':
      requests.forget(containerId);
      requests.withdrawKill(containerId);
      return listener({ type: 'removed', ...alive });
    case 'die': {
      const end = await lookAtEnd(docker, options, containerId);
      const asked = requests.ended(containerId, at, end.stopSignal);
      const exitCode = Attributes.exitCode === undefined ? null : Number(Attributes.exitCode);
      return listener({
        type: 'exited',
        ...plain,
        exitCode,
        oomKilled: end.oomKilled,
        requested: asked || end.removing,
      });
    }
  }
}

interface End {
  readonly oomKilled: boolean;
  readonly stopSignal: string;
  /** True when the container is being removed or is gone. */
  readonly removing: boolean;
}

/** The event itself does not say whether memory ran out. When Docker cannot be asked, the event is passed on without. */
async function lookAtEnd(docker: Docker, { signal, onProblem }: WatchOptions, containerId: string): Promise<End> {
  try {
    return await call<End>(
      'inspect container',
      async (abortSignal) => {
        const { State, Config } = await docker.getContainer(containerId).inspect({ abortSignal });
        // dockerode's types leave StopSignal out.
        const { StopSignal = '' } = Config as { StopSignal?: string };
        const removing = State.Status === 'removing' || State.Status === 'dead';
        return { oomKilled: State.OOMKilled, stopSignal: StopSignal, removing };
      },
      {
        signal,
        recover: ({ status }) =>
          status === 404 ? { value: { oomKilled: false, stopSignal: '', removing: true } } : undefined,
      },
    );
  } catch (thrown) {
    if (!signal.aborted) onProblem(translate('inspect container', thrown));
    return { oomKilled: false, stopSignal: '', removing: false };
  }
}
