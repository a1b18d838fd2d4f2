/** One simulated container: its state, its process while it runs, and what it has said. */
import type { ContainerInfo, ContainerSpec } from '../../conductor/interfaces/engine.ts';
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

export interface SimulatedContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  info(): ContainerInfo;
  stored(): StoredContainer;
  running(): boolean;
  start(): void;
  /** As {@link start}, of a container that ran all the time while we did not look. */
  goOn(): void;
  /** Ends it now, whatever it does. Without effect when it does not run. */
  end(exit: Exit): void;
  /** Gives the signal to the program; the end that follows counts as asked for. */
  signal(name: string): void;
  /** Null unless it runs. */
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
}

/** What the container tells the machine that it lies on. */
export interface ContainerHooks {
  onStart(): void;
  onExit(exit: Exit): void;
  saveWorld(): void;
}

/** @param from what a disk kept of it; a new container has only its id and spec */
export function createSimulatedContainer(
  from: Pick<StoredContainer, 'id' | 'spec'> & Partial<StoredContainer>,
  clock: SimulatedPorts['clock'],
  startProgram: StartProgram,
  { onStart, onExit, saveWorld }: ContainerHooks,
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
          whileAlive(act);
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
    const mine: Run = { cancels: new Set(), program: null, players: null, ramBytes: 0, signalled: false };
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
      state: run !== null ? 'running' : last !== null ? 'exited' : 'created',
      exitCode: run === null ? (last?.exitCode ?? null) : null,
      oomKilled: run === null && last?.oomKilled === true,
      startedAt,
      finishedAt: run === null ? (last?.at ?? null) : null,
      address: run === null ? null : NOWHERE,
    }),
    stored: () => ({ id, spec, running: run !== null, startedAt, exit: last }),
    running: () => run !== null,
    start() {
      startedAt = clock.now();
      goOn();
      onStart();
    },
    goOn,
    end,
    signal(name) {
      if (run === null) return;
      run.signalled = true;
      run.program?.onSignal(name);
    },
    program: () => run?.program ?? null,
    players: () => run?.players ?? null,
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
