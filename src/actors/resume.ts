import type { Inspection } from './inspection.ts';
import type { Kinds } from './kinds.ts';
import type { Residents } from './residents.ts';
import type { CommitStore } from './store.ts';
import { quarantineEvent, type Supervisor } from './supervisor.ts';
import type { TimerService } from './timers.ts';
import type { Actors } from './types.ts';
import { readActor } from './view.ts';

export interface ResumeParts {
  readonly store: Pick<CommitStore, 'load' | 'quarantine'>;
  readonly kinds: Kinds;
  readonly residents: Residents;
  readonly supervisor: Supervisor;
  readonly inspection: Inspection;
  readonly timers: TimerService;
}

/** Ends an actor's quarantine: what waits for it in the store is picked up. Does nothing to one that is not quarantined. */
export function createResume(parts: ResumeParts): Actors['resume'] {
  const { store, kinds, residents, supervisor, inspection, timers } = parts;
  return async (address, by) => {
    const { installed, stored, snapshot } = await readActor(store, kinds, address);
    if (stored.quarantined === null) return;
    supervisor.forgive(address);
    const event = quarantineEvent({ address, kind: installed.kind, snapshot }, 'actor.resumed', { by: by.name });
    inspection.events([await store.quarantine(address, null, event)]);
    const resident = residents.get(address);
    if (resident === undefined) residents.activate(address);
    else residents.reload(resident);
    timers.expect(0);
  };
}
