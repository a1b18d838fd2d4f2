/** The fleet of a run: its operator adds the machines one after the other, and waits until they can be used. */
import type { World } from './world.ts';

/** Nothing goes wrong yet, so that it takes no longer. */
const SET_UP_MS = 60_000;

/** Throws when a machine does not become ready. */
export async function setUpFleet(world: World, failed: () => boolean): Promise<void> {
  const { time, host, places, tables, operator } = world;
  const isReady = (): boolean => {
    const ready = [...tables.nodes.values()].filter(
      ({ status, connection }) => status === 'ready' && connection === 'healthy',
    );
    return ready.length === places.length;
  };
  const until = time.now() + SET_UP_MS;
  await time.run(() => failed() || time.now() >= until || host.processes().some(({ baton }) => baton !== null));
  for (const { machine, remote } of places) {
    if (!remote) continue;
    const { name } = machine;
    const added = host.ask((conductor) =>
      conductor.addNode(
        { name, hostname: name, sshKey: `key of ${name}` },
        { principal: operator, idempotencyKey: name },
      ),
    );
    // Whether it is there counts, not what was answered.
    added.catch(() => undefined);
  }
  await time.run(() => failed() || time.now() >= until || isReady());
  if (!failed() && !isReady()) throw new Error('The fleet is not ready.');
}
