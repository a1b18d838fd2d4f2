/**
 * The server's statechart. `status` is the top-level state, `status_detail` the inner one.
 *
 * | status | what it means | inner states | way out by itself |
 * | --- | --- | --- | --- |
 * | `creating` | row, ports and data directory are being made | | 60 s → `failed` |
 * | `queued` | wants to run and finds no room | | attempts after 1, 2, 4 min; the third without room, or 10 min, → `failed(no_capacity)` |
 * | `starting` | on its way to players | `placing`, `fetching`, `creating`, `booting`; `aborting` and `clearing` undo; `unreachable` | 30 s → `queued`; 30 min, 60 s, boot time → undone, `failed` |
 * | `running` | ready for players | `healthy`, `unresponsive` | by what is observed |
 * | `stopping` | on its way off | `announcing`, `saving`, `terminating`, `killing`, `verifying`; `halting` and `clearing` undo a start; `checking`; `unreachable` | grace + 40 s → `failed(stop_failed)`, container known, room kept |
 * | `stopped` | off; data on its node | | 5 min → `sleeping` with wake-on-join |
 * | `sleeping` | off; a login wakes it | | – |
 * | `rebuilding` | a new container for the old | `fetching`, `saving`, `terminating`, `placing`, `creating`, `booting`, `removing`; `halting`, `clearing`, `reverting`, `abandoning` go back; `unreachable` | each has its deadline → back where it was, or `failed` |
 * | `crashed` | its container exited by itself | `backing_off` | 5, 10, 20 s… → `starting`; 3 in 10 min → `failed(crash_loop)` |
 * | `lost` | its node does not answer | `waiting_for_fence`, `fenced`; `looking`, `placing` for a failover; `returning`, `checking` when its node is back | by its node's news, never by time alone; with policy `fresh` the grace after the fence → `placing`; looking 20 s, placing 30 s → `fenced` |
 * | `missing` | no container where one should be | | – |
 * | `failed` | needs a person | | – |
 * | `deleted` | container gone; data, name and ports kept | `removing`, `waiting`, `kept`, `undeleting`, `purge_failed` | 24 h → `purging` |
 * | `purging` → `purged` | all of it goes | | 10 min → `deleted(purge_failed)`, again after 1 h |
 *
 * What the design leaves open, and how it is here:
 * - Each start has a new epoch, and so a new container; the last one is kept while off, for its log. So a changed spec needs
 *   nothing but a start.
 * - A server that is off needs no container: removing it leaves it off. Removing a running one makes it `missing`, also when
 *   the engine tells of its exit first.
 * - A container that somebody starts from outside while its server is off is stopped again, with grace: the row says what
 *   is, and the container's room is not reserved.
 * - A command that takes over from a running operation ends that one as cancelled in its own turn, and answers itself for
 *   what is undone. `cancel` is such a command.
 * - A world that was there and is gone is never made anew without `fresh`, whoever starts the server.
 *
 * Ways out of `lost`, so that nothing stays there for good:
 *
 * | in | what comes | goes to |
 * | --- | --- | --- |
 * | `waiting_for_fence` | the fence, which its node keeps asking for | `fenced`; `stopped` if it shall be off |
 * | `fenced` | policy `fresh`, or `failover` | `placing`, `looking` |
 * | `looking`, `placing` | a node with room | `starting` there, with its home moved; else `fenced` again |
 * | any | its node asks what may run | `returning`: no failover begins or goes on |
 * | `returning` | lost again: what was answered is void | `waiting_for_fence`, `fenced` |
 * | any | its node has returned | `running` if it runs there; else `checking`, until somebody can say what is left → `starting`, `stopped`, `crashed`, `missing` |
 * | any | `delete`; `stop` once fenced | `deleted`, `stopped`, without its node |
 *
 * - A step that fails because its node is silent waits in `unreachable`, 20 s, for the node to be lost: a step fails sooner than a
 *   node is missed, and a server that was to run must not be left behind as `failed`.
 * - Whoever has room on a node hears of it. A server that is off has none, and its data waits for its node.
 * - Attempts to place it elsewhere bear epochs of their own (`triedEpoch`); until one succeeds, the lost placement is unchanged.
 * - A failover does not queue: what it waits for may come back, and then the queue would be in its way. It tries again.
 *
 * `backing_up`, `restoring`, `archiving`, `unarchiving`, `archived` and `migrating` come with backups, archives and migration,
 * as files in `states/` with their commands in the states that take them.
 */
import { initialContext } from './context.ts';
import type { ServerLimits } from './limits.ts';
import { SERVER_LIMITS } from './limits.ts';
import { serverSetup } from './setup.ts';
import { crashed, failed, missing } from './states/broken.ts';
import { creating } from './states/creating.ts';
import { deleted, purged, purging } from './states/deleted.ts';
import { lost } from './states/lost.ts';
import { sleeping, stopped } from './states/off.ts';
import { queued } from './states/queued.ts';
import { rebuilding } from './states/rebuilding.ts';
import { running } from './states/running.ts';
import { starting } from './states/starting.ts';
import { stopping } from './states/stopping.ts';

/** Raise it, and `migrate.ts` with it, with every change that a stored snapshot would not survive. */
export const SERVER_MACHINE_VERSION = '2';

/** The server's statechart, pure: what it starts are effects, what it says are verbs (`src/actors`). */
export const createServerMachine = (limits: ServerLimits = SERVER_LIMITS) =>
  serverSetup(limits).createMachine({
    id: 'server',
    version: SERVER_MACHINE_VERSION,
    // A turn takes a handful of microsteps; far more is a loop.
    options: { maxIterations: 100 },
    context: ({ input }) => initialContext(input),
    initial: 'creating',
    // Data is what it is seen to be, in every state; the states take what an observation says beyond that.
    on: {
      observed: { guard: 'sawNewData', actions: 'noteData' },
      measured: { guard: 'isNewSize', actions: 'noteSize' },
      // A start is undone; whoever else has room, uses it.
      'reservation.expired': { guard: 'isOwnRoom', actions: 'hold' },
      'node.returned': { guard: 'isNews', actions: 'noteReturn' },
    },
    states: {
      creating,
      queued,
      starting,
      running,
      stopping,
      stopped,
      sleeping,
      rebuilding,
      crashed,
      lost,
      missing,
      failed,
      deleted,
      purging,
      purged,
    },
  });

export type ServerMachine = ReturnType<typeof createServerMachine>;
