/**
 * The node's statechart, in four regions side by side. What it says binds: a reservation is made here, in the node's
 * mailbox, and nowhere else, so two servers never get the same megabyte.
 *
 * | life | what it means | way out by itself |
 * | --- | --- | --- |
 * | `provisioning` | `requesting`, `booting`, `bootstrapping`; one added by hand starts in the last | 5 min each → `failed` |
 * | `ready` | takes servers, if it is healthy | pressure → `cordoned` |
 * | `cordoned` | keeps what it has, takes no more | pressure lifts what pressure set → `ready` |
 * | `draining` | waits, `emptying`, until it is `empty` | empty for 5 min, if it shall leave → `decommissioning` |
 * | `decommissioning` | Baton is taken off it | 5 min → `draining` |
 * | `failed` | could not be set up | – |
 * | `removed` | forgotten; cleaned up if it ever answers again | 30 d → `decommissioned` |
 * | `decommissioned` | the end | |
 *
 * | connection | what it means | way out by itself |
 * | --- | --- | --- |
 * | `unconnected` | not bootstrapped yet | ready → `recovering` |
 * | `recovering` | `reading` its inventory, `quarantining` strays; it has no lease | 20 s, 1 min → `unreachable`, under a new epoch of its lease |
 * | `connected` | `healthy`; `suspect` after a missed heartbeat; `syncing`, `settling` on request. It has a lease | 3 missed → `unreachable` |
 * | `unreachable` | `fencing`, then `fenced`; and it is being reached again | it answers → `recovering` |
 * | `closed` | nobody waits for it any more | |
 *
 * | pressure | |
 * | --- | --- |
 * | `calm`, `high` | disk, memory or CPU over their limits (see `limits.ts`), or an engine that does not answer |
 * | `critical` | the disk over 95 %: `cleaning`, then `alarmed`, again every 10 min |
 *
 * | room | |
 * | --- | --- |
 * | `settled`, `starting` | whether servers are on their way up; the time of their start is up → their room goes back |
 *
 * What the design leaves open, and how it is here:
 * - Its servers are those with a reservation. They are told `node.lost`, `node.fenced` and `node.returned`, each with the
 *   epoch of their placement, so that one which was placed anew since takes no notice.
 * - A drained node stays until it is told to leave: `drain` is for looking after a machine, `decommission` for giving it back.
 * - Whoever finds no room waits in the fleet's queue, which looks at all nodes; a node remembers nobody.
 * - The lease proves nothing on the local machine, since nobody else could start what runs there.
 */

import { initialContext } from './context.ts';
import { NODE_LIMITS, type NodeLimits } from './limits.ts';
import { nodeSetup } from './setup.ts';
import { connection } from './states/connection.ts';
import { life } from './states/life.ts';
import { pressure } from './states/pressure.ts';
import { room } from './states/room.ts';

/** Raise it, and `migrate.ts` with it, with every change that a stored snapshot would not survive. */
export const NODE_MACHINE_VERSION = '4';

/** The node's statechart, pure: what it starts are effects, what it says are verbs (`src/actors`). */
export const createNodeMachine = (limits: NodeLimits = NODE_LIMITS) =>
  nodeSetup(limits).createMachine({
    id: 'node',
    version: NODE_MACHINE_VERSION,
    // A turn takes a handful of microsteps; far more is a loop.
    options: { maxIterations: 100 },
    context: ({ input }) => initialContext(input),
    type: 'parallel',
    on: {
      reserve: [
        { guard: 'isForItself', actions: 'refuse' },
        { guard: 'takesServers', actions: 'reserve' },
        { guard: 'keepsServers', actions: 'reserveAgain' },
        { actions: 'refuse' },
      ],
      hold: { actions: 'hold' },
      release: { actions: 'release' },
      withdraw: { actions: 'withdraw' },
      forget: { actions: 'forget' },
      resize: { guard: 'hasNewSize', actions: 'resize' },
      label: { actions: ['label', 'finishAtOnce'] },
    },
    states: { life, connection: connection(limits), pressure, room },
  });

export type NodeMachine = ReturnType<typeof createNodeMachine>;
