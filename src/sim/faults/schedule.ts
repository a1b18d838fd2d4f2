/** When which fault happens, and how all of them are healed. */
import type { Scenario } from '../settings.ts';
import type { World } from '../world.ts';
import type { Fault, Scene } from './fault.ts';

export interface Schedule {
  /** How often each fault has begun. */
  readonly counts: ReadonlyMap<string, number>;
  /** Heals what lasts, and lets nothing begin any more. */
  heal(): void;
}

/** Troubles seldom come alone: so many are followed by another one within {@link SOON_MS}, and most of those where the last was. */
const FOLLOWED = 0.35;
const SOON_MS = [0, 8_000] as const;
const SAME_PLACE = 0.7;

export function scheduleFaults(
  world: World,
  all: readonly Fault[],
  { faultEveryMs, faultsShare }: Pick<Scenario, 'faultEveryMs' | 'faultsShare'>,
): Schedule {
  const { time, trace } = world;
  const random = world.random.fork('faults');
  const chosen = all.filter(() => random.chance(faultsShare));
  const faults = chosen.length === 0 ? all : chosen;
  const counts = new Map<string, number>();
  const lasting = new Set<() => void>();
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  let over = false;

  let scene = elsewhere();

  function elsewhere(): Scene {
    const place = random.pick(world.places);
    const remote = place.remote ? place : random.pick(world.places.filter((each) => each.remote));
    return { world, random, place, remote };
  }

  function next(): void {
    const follows = random.chance(FOLLOWED);
    const waitMs = follows ? random.between(...SOON_MS) : random.wait(faultEveryMs);
    time.after(waitMs, () => {
      if (over) return;
      if (!follows || !random.chance(SAME_PLACE)) scene = elsewhere();
      begin(pick(faults, random.between(0, total)));
      next();
    });
  }

  function begin(fault: Fault): void {
    const heal = fault.begin(scene);
    if (heal === null) return;
    counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
    trace.say(`fault: ${fault.name}`);
    const once = (): void => {
      if (lasting.delete(once)) heal();
    };
    lasting.add(once);
    time.after(random.between(...fault.lastsMs), () => {
      if (fault.lastsMs[1] > 0 && lasting.has(once)) trace.say(`healed: ${fault.name}`);
      once();
    });
  }

  next();
  return {
    counts,
    heal() {
      over = true;
      world.host.arm(Number.POSITIVE_INFINITY);
      for (const once of [...lasting]) once();
    },
  };
}

function pick(faults: readonly Fault[], at: number): Fault {
  let sum = 0;
  for (const fault of faults) {
    sum += fault.weight;
    if (at < sum) return fault;
  }
  return faults[faults.length - 1] as Fault;
}
