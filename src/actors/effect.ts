/**
 * How a pure machine names the work that it cannot do itself.
 *
 * A machine invokes an *effect*: `invoke: { id: 'createContainer', src: 'createContainer', input }`. The logic behind
 * `src` is this stub, which does nothing: the runtime reads the invocation from the turn, stores it with the commit and
 * runs the real function afterwards. The result comes back as the ordinary `onDone` or `onError` of the invocation,
 * `onError` with a {@link StoredError} in `event.error`.
 */
import type { ActorLogic, EventObject, Snapshot } from 'xstate';

type EffectSnapshot<I, O> = Snapshot<O> & { input: I };

/** An invocable effect that takes `I` and ends with `O`. Both must be JSON. */
export function effect<I, O>(): ActorLogic<EffectSnapshot<I, O>, EventObject, I> {
  const initial = (_scope: unknown, input: I) =>
    ({ status: 'active', output: undefined, error: undefined, input }) as EffectSnapshot<I, O>;
  return {
    transition: (snapshot) => snapshot,
    getInitialSnapshot: initial,
    getPersistedSnapshot: (snapshot) => snapshot,
    restoreSnapshot: (snapshot) => snapshot as EffectSnapshot<I, O>,
  };
}
