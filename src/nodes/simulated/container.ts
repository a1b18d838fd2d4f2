/** One simulated container: its state, its process while it runs, and what it has said. */
import type { ContainerInfo, ContainerSpec, ContainerState } from '../../conductor/interfaces/engine.ts';
import { containerName } from '../docker/labels.ts';
import type { SimulatedPorts, SimulatedProgram, StartProgram } from './program.ts';

/** As many as a reader could ask for; a simulated fleet of thousands must not fill the memory with chatter. */
const MAX_LINES = 1_000;

/** An address of RFC 5737, at which nothing ever answers. */
const NOWHERE = '198.51.100.1';

export interface Exit {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly requested: boolean;
}

/** What a disk keeps of a container: all that is needed to have it again after our own restart, but for what it said. */
export interface StoredContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly running: boolean;
  readonly startedAt: number | null;
  readonly exit: (Exit & { readonly at: number }) | null;
}

/** Who has frozen it. What the kernel holds without the engine's doing shows as running there. */
export type FrozenBy = 'engine' | 'kernel';

export interface SimulatedContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  info(): ContainerInfo;
  stored(): StoredContainer;
  /** Frozen or not. */
  running(): boolean;
  /** Null when it does not run, or is not frozen. */
  frozen(): FrozenBy | null;
  /** Nothing of it executes from now on; what it waits for is overdue when it thaws. Without effect when it does not run. */
  freeze(by: FrozenBy): void;
  thaw(): void;
  start(): void;
  /** As {@link start}, of a container that ran all the time while we did not look. */
  goOn(): void;
  /** Ends it now, whatever it does. Without effect when it does not run. */
  end(exit: Exit): void;
  /** Gives the signal to the program; the end that follows counts as asked for. */
  signal(name: string): void;
  /** Null unless it executes. */
  program(): SimulatedProgram | null;
  players(): number | null;
  /** Without effect while the game does not answer. */
  setPlayers(players: number): void;
  ramBytes(): number;
  lines(): readonly string[];
  /** Calls back for each new line, and once when it ends. Returns how to stop. */
  follow(onLine: (line: string) => void, onEnd: () => void): () => void;
  /** Resolves when it does not run (any more). */
  ended(): Promise<void>;
}

interface Run {
  readonly cancels: Set<() => void>;
  program: SimulatedProgram | null;
  players: number | null;
  ramBytes: number;
  signalled: boolean;
  frozen: FrozenBy | null;
  /** What would have happened while it was frozen. */
  waiting: (() => void)[];
}

/** What the container tells the machine that it lies on. */
export interface ContainerHooks {
  onStart(): void;
  onExit(exit: Exit): void;
  /** It was frozen, or thawed. */
  onFreeze(): void;
  saveWorld(): void;
}

/** @param from what a disk kept of it; a new container has only its id and spec */
export function createSimulatedContainer(
  from: Pick<StoredContainer, 'id' | 'spec'> & Partial<StoredContainer>,
  clock: SimulatedPorts['clock'],
  startProgram: StartProgram,
  { onStart, onExit, onFreeze, saveWorld }: ContainerHooks,
): SimulatedContainer {
  const { id, spec } = from;
  const lines: string[] = [];
  const followers = new Set<{ onLine(line: string): void; onEnd(): void }>();
  let run: Run | null = null;
  let last = from.exit ?? null;
  let startedAt = from.startedAt ?? null;

  const end = (exit: Exit) => {
    if (run === null) return;
    for (const cancel of run.cancels) cancel();
    run = null;
    last = { ...exit, at: clock.now() };
    for (const follower of [...followers]) follower.onEnd();
    onExit(exit);
  };

  /** Lets something happen to this run: now, or once it thaws. */
  const happen = (mine: Run, act: () => void) => {
    if (run !== mine) return;
    if (mine.frozen === null) act();
    else mine.waiting.push(act);
  };

  const say = (line: string) => {
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
    for (const follower of [...followers]) follower.onLine(line);
  };

  /** What the program is given; `mine` is dead once another run has taken its place. */
  const processOf = (mine: Run) => {
    const whileAlive = (act: () => void) => {
      if (run === mine) act();
    };
    return {
      spec,
      say: (line: string) => whileAlive(() => say(line)),
      after(delayMs: number, act: () => void) {
        const cancel = clock.schedule(delayMs, () => {
          mine.cancels.delete(cancel);
          happen(mine, act);
        });
        mine.cancels.add(cancel);
      },
      exit: (exitCode: number) => whileAlive(() => end({ exitCode, oomKilled: false, requested: mine.signalled })),
      useRam: (bytes: number) =>
        whileAlive(() => {
          mine.ramBytes = bytes;
          if (bytes > spec.ramMb * 1024 * 1024) end({ exitCode: 137, oomKilled: true, requested: false });
        }),
      saveWorld: () => whileAlive(saveWorld),
      setPlayers: (players: number | null) =>
        whileAlive(() => {
          mine.players = players;
        }),
    };
  };

  const goOn = () => {
    const mine: Run = {
      cancels: new Set(),
      program: null,
      players: null,
      ramBytes: 0,
      signalled: false,
      frozen: null,
      waiting: [],
    };
    run = mine;
    mine.program = startProgram(processOf(mine));
  };

  const follow = (onLine: (line: string) => void, onEnd: () => void) => {
    const follower = { onLine, onEnd };
    followers.add(follower);
    return () => void followers.delete(follower);
  };

  return {
    id,
    spec,
    info: () => ({
      id,
      name: containerName(spec.serverId, spec.epoch),
      serverId: spec.serverId,
      epoch: spec.epoch,
      nodeId: spec.nodeId,
      image: spec.image,
      state: stateOf(run, last),
      exitCode: run === null ? (last?.exitCode ?? null) : null,
      oomKilled: run === null && last?.oomKilled === true,
      startedAt,
      finishedAt: run === null ? (last?.at ?? null) : null,
      address: run === null ? null : NOWHERE,
    }),
    stored: () => ({ id, spec, running: run !== null, startedAt, exit: last }),
    running: () => run !== null,
    frozen: () => run?.frozen ?? null,
    freeze(by) {
      if (run === null) return;
      run.frozen = by;
      onFreeze();
    },
    thaw() {
      if (run === null || run.frozen === null) return;
      const mine = run;
      mine.frozen = null;
      onFreeze();
      for (const act of mine.waiting.splice(0)) happen(mine, act);
    },
    start() {
      startedAt = clock.now();
      goOn();
      onStart();
    },
    goOn,
    end,
    signal(name) {
      if (run === null) return;
      const mine = run;
      mine.signalled = true;
      happen(mine, () => mine.program?.onSignal(name));
    },
    program: () => (run?.frozen === null ? run.program : null),
    players: () => (run?.frozen === null ? run.players : null),
    setPlayers(players) {
      if (run !== null && run.players !== null) run.players = players;
    },
    ramBytes: () => run?.ramBytes ?? 0,
    lines: () => lines,
    follow,
    ended: () =>
      new Promise((resolve) => {
        if (run === null) return resolve();
        const stop = follow(
          () => undefined,
          () => {
            stop();
            resolve();
          },
        );
      }),
  };
}

function stateOf(run: Run | null, last: Exit | null): ContainerState {
  if (run !== null) return run.frozen === 'engine' ? 'paused' : 'running';
  return last === null ? 'created' : 'exited';
}
