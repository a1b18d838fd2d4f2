/** Virtual time that runs as fast as it can, and the game of `game.mjs` as a simulated program. */
import type { SimulatedPorts, StartProgram } from '../../../src/nodes/index.ts';

/** Jumps to the next timer whenever nothing else is to be done. */
export function fastPorts(): SimulatedPorts {
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  let now = 1_700_000_000_000;
  let pumping = false;
  const pump = () => {
    const next = [...timers].reduce<{ at: number; run: () => void } | null>(
      (first, each) => (first === null || each.at < first.at ? each : first),
      null,
    );
    pumping = next !== null;
    if (next === null) return;
    timers.delete(next);
    now = Math.max(now, next.at);
    next.run();
    setImmediate(pump);
  };
  return {
    clock: {
      now: () => now,
      schedule(delayMs, run) {
        const timer = { at: now + delayMs, run };
        timers.add(timer);
        if (!pumping) setImmediate(pump);
        pumping = true;
        return () => timers.delete(timer);
      },
    },
    random: () => 0.5,
  };
}

export const testProgram: StartProgram = (process) => {
  const commands: Record<string, (rest: string) => void> = {
    exit: (code) => process.exit(Number(code)),
    say: (text) => process.say(text),
    warn: (text) => process.say(text),
    eat: () => process.useRam(Number.POSITIVE_INFINITY),
  };
  const hear = (line: string): string => {
    const [command = '', ...rest] = line.split(' ');
    commands[command]?.(rest.join(' '));
    return '';
  };
  process.useRam(1024);
  process.after(5, () => process.say('ready'));
  return {
    onSignal() {
      if (process.spec.env.STUBBORN !== undefined) return process.say('I stay');
      process.say('bye');
      process.exit(3);
    },
    onInput: (line) => void hear(line),
    onConsole: hear,
  };
};
