/** The stations of a server's life, as changes of the context. */
import type { Commanded } from '../../../actors/verbs.ts';
import { outputOf, timeOf } from '../context.ts';
import type { ServerLimits } from '../limits.ts';
import type { Changes, RebuildPlan, ServerContext, ServerEvent, ServerSpec, StopOptions } from '../types.ts';
import { act } from './act.ts';

type EventOf<T extends ServerEvent['type']> = Extract<ServerEvent, { type: T }>;

export const lifeActions = (limits: ServerLimits) => ({
  notePrepared: act((now) => ({ set: outputOf<'prepare'>(now) })),
  wantStart: act(() => ({ set: { startWhenPrepared: true } })),
  /** A new world may begin if there is none. One that is there is seen, and then it is not lost. */
  giveUpWorld: act(({ context }) => ({ set: { dataLost: context.startedAt !== null } })),
  noteCreated: act((now) => ({
    set: { containerId: outputOf<'createContainer'>(now).containerId, restartPending: false },
  })),
  noteRemoved: act(() => ({ set: { containerId: null } })),
  /** Ready for players. From now on it has a world, and what went wrong before is over. */
  noteStarted: act((now) => ({
    set: {
      // After a fresh start the marks have yet to be seen.
      worldMarked: now.context.worldMarked && !now.context.dataLost,
      startedAt: timeOf(now),
      players: outputOf<'boot'>(now).players ?? null,
      lastError: null,
      dataLost: false,
      startWhenPrepared: false,
    },
  })),
  notePlayers: act(({ event }) => ({ set: { players: (event as EventOf<'probe.ok'>).players } })),
  /** It runs no more; nobody plays, and how the stop was asked for is of no interest now. */
  noteOff: act((now) => ({ set: { stoppedAt: timeOf(now), players: null, stop: null } })),
  noteStopOptions: act(({ event }) => {
    const { graceSeconds, announce } = event as StopOptions;
    const options: StopOptions = {
      ...(graceSeconds !== undefined && { graceSeconds }),
      ...(announce !== undefined && { announce }),
    };
    return { set: { stop: options } };
  }),
  clearStopOptions: act(() => ({ set: { stop: null } })),

  /** A change that needs a new container waits for the next start, which always makes one. */
  configure: act(({ context, event }) => {
    const change = event as EventOf<'configure'>;
    const spec = specAfter(context.spec, change);
    const isOutdated = context.containerId !== null && needsContainer(context.spec, spec, change);
    return { set: { spec, restartPending: context.restartPending || isOutdated } };
  }),
  /** The caller runs the console command itself; this is where. */
  replyContainer: act(({ context: { containerId, nodeId } }) => ({
    verbs: [{ type: 'reply', params: { value: { containerId, nodeId } } }],
  })),

  planRebuild: act<{ from: RebuildPlan['from'] }>(({ context, event }, { from }) => {
    const { spec, containerId, restartPending } = context;
    const { imageTag } = event as Commanded & { imageTag?: string };
    return {
      set: {
        spec: imageTag === undefined ? spec : { ...spec, imageTag },
        rebuild: { from, keep: containerId, imageTag: spec.imageTag, restartPending },
      },
    };
  }),
  /** The container from before is the one that effects speak of. */
  undoContainer: act(({ context: { rebuild } }) => ({ set: { containerId: rebuild?.keep ?? null } })),
  noteRunsAgain: act((now) => ({ set: { startedAt: timeOf(now), players: null } })),
  /** The old container and the old image tag are the server's again. */
  undoRebuild: act(({ context: { rebuild, spec } }) =>
    rebuild === null
      ? {}
      : {
          set: {
            spec: { ...spec, imageTag: rebuild.imageTag },
            containerId: rebuild.keep,
            restartPending: rebuild.restartPending,
            rebuild: null,
          },
        },
  ),
  /** What will be there is not surely what the spec says. */
  needRestart: act(() => ({ set: { restartPending: true } })),
  finishRebuild: act(() => ({ set: { rebuild: null, lastError: null } })),

  noteDeleted: act((now) => {
    const { deletedAt, purgeAt } = now.context;
    const at = timeOf(now);
    return { set: { ...OFF, deletedAt: deletedAt ?? at, purgeAt: purgeAt ?? at + limits.retentionMs } };
  }),
  noteUndeleted: act(() => ({ set: { deletedAt: null, purgeAt: null, keepData: false } })),
  notePurge: act(({ event }) => ({ set: { keepData: (event as EventOf<'purge'>).keepData === true } })),
  postponePurge: act((now) => ({ set: { purgeAt: timeOf(now) + limits.purgeRetryMs } })),
});

function specAfter(spec: ServerSpec, { changes, env = {} }: Changes): ServerSpec {
  const merged = Object.entries({ ...spec.env, ...env }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return { ...spec, ...changes, env: Object.fromEntries(merged) };
}

/** Whether only a new container takes the change up. */
function needsContainer(before: ServerSpec, after: ServerSpec, { env = {}, liveEnv = [] }: Changes): boolean {
  const isOther = (name: string) => before.env[name] !== after.env[name] && !liveEnv.includes(name);
  return IN_CONTAINER.some((field) => before[field] !== after[field]) || Object.keys(env).some(isOther);
}

const IN_CONTAINER = ['image', 'imageTag', 'ramMb', 'cpu'] as const satisfies readonly (keyof ServerSpec)[];

const OFF: Partial<ServerContext> = { players: null, stop: null, rebuild: null };
