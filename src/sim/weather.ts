/** How it is on a way between two parts. Several troubles may hold at once; each ends by itself. */

export interface Trouble {
  /** Share of questions that do not arrive. */
  readonly lost?: number;
  /** Share of answers that do not arrive: it was done, and nobody hears of it. */
  readonly unheard?: number;
  /** Share of questions that arrive twice. */
  readonly doubled?: number;
  /** Added to the way, each way, at most. */
  readonly slowMs?: number;
  /** Nothing comes through until it is over; then all of it does, late: a network keeps what it could not deliver. */
  readonly held?: boolean;
  /** Whether what is lost is only noticed at the call's own deadline, rather than soon. */
  readonly silent?: boolean;
}

export interface Weather {
  /** One way, in milliseconds: at least, at most. */
  latencyMs(): readonly [number, number];
  lost(): number;
  unheard(): number;
  doubled(): number;
  silent(): boolean;
  /** Sets off on the way, at once or when nothing holds it up any more. */
  pass(go: () => void): void;
  /** Whether nothing at all comes through in at least one direction. */
  cut(): boolean;
  /** Returns how it ends. */
  add(trouble: Trouble): () => void;
}

/** @param latencyMs on a calm day, one way: at least, at most */
export function createWeather(latencyMs: readonly [number, number]): Weather {
  const troubles = new Set<Trouble>();
  const waiting: (() => void)[] = [];
  const isHeld = (): boolean => [...troubles].some(({ held }) => held === true);
  const share = (of: 'lost' | 'unheard' | 'doubled'): number => {
    let spared = 1;
    for (const trouble of troubles) spared *= 1 - (trouble[of] ?? 0);
    return 1 - spared;
  };
  return {
    latencyMs() {
      let slow = 0;
      for (const { slowMs = 0 } of troubles) slow += slowMs;
      return [latencyMs[0], latencyMs[1] + slow];
    },
    lost: () => share('lost'),
    unheard: () => share('unheard'),
    doubled: () => share('doubled'),
    silent: () => [...troubles].some(({ silent }) => silent === true),
    pass(go) {
      if (isHeld()) waiting.push(go);
      else go();
    },
    cut: () => share('lost') === 1 || share('unheard') === 1 || isHeld(),
    add(trouble) {
      // A copy, so that the same trouble can hold twice.
      const own = { ...trouble };
      troubles.add(own);
      return () => {
        troubles.delete(own);
        if (!isHeld()) for (const go of waiting.splice(0)) go();
      };
    },
  };
}
