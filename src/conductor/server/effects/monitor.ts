import type { EffectFunction } from '../../../actors/types.ts';
import type { ServerEffects } from '../../../machines/server/types.ts';
import { gameTarget, type ServerWorld } from '../world.ts';

/** Asks a running game how it is, until its state is left. Tells the server of failures, and of players when they change. */
export const monitor =
  (world: ServerWorld): EffectFunction<ServerEffects['monitor']['input'], never> =>
  async (facts, { signal, send }) => {
    let streak = 0;
    let told: number | null | undefined;
    for (;;) {
      await world.sleep(world.settings.healthProbeMs, signal);
      const probe = AbortSignal.any([signal, world.timeout(world.settings.probeTimeoutMs)]);
      try {
        const { players } = await world.games.probe(await gameTarget(world, facts, facts.containerId, probe), probe);
        if (streak > 0 || players !== told) send({ type: 'probe.ok', players });
        streak = 0;
        told = players;
      } catch {
        // A probe that fails is what we are here to count; why it failed is seen in the game's own log.
        signal.throwIfAborted();
        streak += 1;
        send({ type: 'probe.failed', streak });
      }
    }
  };
