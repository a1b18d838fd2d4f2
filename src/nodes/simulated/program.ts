/** What runs inside a simulated container: a program that is told of signals and input and may say, wait and exit. */
import type { ContainerSpec } from '../../conductor/interfaces/engine.ts';

/** Virtual or real time. `systemPorts` of the actor runtime fits, which makes the engine run in real time. */
export interface SimulatedPorts {
  readonly clock: {
    /** Unix milliseconds. */
    now(): number;
    /** Calls `run` once after `delayMs`; the returned function prevents it. */
    schedule(delayMs: number, run: () => void): () => void;
  };
  /** At least 0, below 1. */
  random(): number;
}

/** What a program may do. All of it is without effect once it has exited. */
export interface SimulatedProcess {
  readonly spec: ContainerSpec;
  /** Writes a line to its output. */
  say(line: string): void;
  after(delayMs: number, run: () => void): void;
  exit(code: number): void;
  /** More than the container's limit is its end, with the flag for memory. */
  useRam(bytes: number): void;
  /** Writes its world into its data directory, as far as the settings have a disk for it. */
  saveWorld(): void;
  /** What a probe is told from now on; null while the game does not answer. */
  setPlayers(players: number | null): void;
}

export interface SimulatedProgram {
  /** Any signal but SIGKILL, which no program sees. */
  onSignal(signal: string): void;
  /** A line on standard input. */
  onInput(line: string): void;
  /** What it answers to a console command. */
  onConsole(command: string): string;
}

export type StartProgram = (process: SimulatedProcess) => SimulatedProgram;

export interface GameTimes {
  /** From start to the first answered probe, on average. */
  readonly bootMs: number;
  /** From the stop signal to the exit: the time in which the game saves. */
  readonly stopMs: number;
}

/** How far single boots and stops lie from the average, as a fraction. */
const SPREAD = 0.2;

/** Uses most of its memory, as a Java server does that was given its heap. */
const RAM_SHARE = 0.6;

/** A game as most are: boots, answers, stops when told to by a signal or by `stop`, and ends with 0. */
export function gameProgram({ bootMs, stopMs }: GameTimes, random: () => number): StartProgram {
  const about = (ms: number) => ms * (1 - SPREAD + 2 * SPREAD * random());
  return (process) => {
    let stopping = false;
    const stop = () => {
      if (stopping) return;
      stopping = true;
      process.setPlayers(null);
      process.say('Stopping the server');
      process.after(about(stopMs), () => {
        process.saveWorld();
        process.say('Saved the world');
        process.exit(0);
      });
    };
    process.say('Starting the simulated server');
    process.useRam(process.spec.ramMb * 1024 * 1024 * RAM_SHARE);
    process.after(about(bootMs), () => {
      if (stopping) return;
      process.saveWorld();
      process.say('Done');
      process.setPlayers(0);
    });
    const hear = (command: string): string => {
      if (command === 'stop') stop();
      process.say(`> ${command}`);
      return '';
    };
    return { onSignal: stop, onInput: (line) => void hear(line), onConsole: hear };
  };
}
