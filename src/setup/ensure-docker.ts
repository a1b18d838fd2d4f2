/** Makes sure, as far as it may, that this machine has what Baton needs: a Docker engine and rsync. */
import { createInterface } from 'node:readline/promises';
import { BatonError } from '../errors.ts';
import { detectDocker } from '../nodes/index.ts';
import { startDocker, startedByUs } from './docker-daemon.ts';
import { describeMachine, hasProgram, type Machine } from './machine.ts';
import { installCommand, installPackages } from './packages.ts';

export interface EnsureOptions {
  /** Where an engine that we start logs and is written down. */
  readonly dataDir: string;
  /** `ask`: a person on the terminal decides; without a terminal it is a yes. */
  readonly mode: 'ask' | 'yes' | 'no';
  /** As in `DOCKER_HOST`; null for the local socket. An engine elsewhere is not ours to install. */
  readonly dockerHost: string | null;
  /** Told before something that takes a while. */
  readonly say: (sentence: string) => void;
  /** Asks a yes-or-no question; default asks on the terminal. */
  readonly ask?: (question: string) => Promise<boolean>;
  /** Default {@link describeMachine}. */
  readonly machine?: Machine;
}

export interface DockerState {
  readonly available: boolean;
  /** True when this engine runs because Baton started it, now or earlier with this data directory. */
  readonly startedByUs: boolean;
  /** One sentence: which engine, or why there is none and what to do. */
  readonly detail: string;
}

interface Lack {
  readonly engine: boolean;
  readonly packages: readonly string[];
}

/** Installs and starts what is missing when it may. Never throws for a machine that cannot be set up: it says why. */
export async function ensureDocker(options: EnsureOptions): Promise<DockerState> {
  const { dataDir, dockerHost } = options;
  const lack = await whatIsMissing(dockerHost);
  if (!lack.engine && lack.packages.length === 0) return state(dataDir, dockerHost);
  const machine = options.machine ?? (await describeMachine());
  const refusal = await whyNot(options, machine, lack);
  if (refusal !== null && !lack.engine) options.say(refusal);
  if (refusal !== null) return { ...(await state(dataDir, dockerHost)), ...(lack.engine ? { detail: refusal } : {}) };
  try {
    await setUp(options, lack);
  } catch (error) {
    if (!(error instanceof BatonError)) throw error;
    options.say(error.message);
    if (lack.engine) return { available: false, startedByUs: false, detail: error.message };
  }
  return state(dataDir, dockerHost);
}

async function setUp({ dataDir, dockerHost, say }: EnsureOptions, { engine, packages }: Lack): Promise<void> {
  if (packages.length > 0) {
    say(`Installing ${packages.join(', ')}. This can take a minute.`);
    await installPackages(packages);
  }
  // Debian starts the service when it installs it, where there is somebody to keep services.
  if (!engine || (await detectDocker(dockerHost ?? undefined)).available) return;
  say('Starting the Docker engine.');
  await startDocker(dataDir);
}

async function whatIsMissing(dockerHost: string | null): Promise<Lack> {
  const engine = !(await detectDocker(dockerHost ?? undefined)).available;
  const packages = [
    ...(engine && !(await hasProgram('dockerd')) ? ['docker.io'] : []),
    ...(engine && !(await hasProgram('iptables')) ? ['iptables'] : []),
    ...((await hasProgram('rsync')) ? [] : ['rsync']),
  ];
  return { engine, packages };
}

/** Why nothing is installed or started, with what a person can do instead; null when we may. */
async function whyNot({ mode, dockerHost, ask }: EnsureOptions, machine: Machine, lack: Lack): Promise<string | null> {
  const { engine, packages } = lack;
  const steps = [
    ...(packages.length > 0 ? [installCommand(packages)] : []),
    ...(engine ? ['systemctl start docker'] : []),
  ];
  const remedy = `Run \`${steps.join(' && ')}\` as root`;
  const problem = await problemOf(dockerHost, engine);
  if (engine && dockerHost !== null) return problem;
  if (mode === 'no') return `${problem} Setup is off (--no-setup). ${remedy}.`;
  if (!machine.debian)
    return `${problem} Baton can set up Debian and Ubuntu only: install Docker and rsync, and start Docker.`;
  if (!machine.root) return `${problem} ${remedy}, or start Baton as root once.`;
  if (mode === 'yes' || !machine.terminal) return null;
  const deed = [
    ...(packages.length > 0 ? [`install ${packages.join(', ')}`] : []),
    ...(engine ? ['start Docker'] : []),
  ];
  const agreed = await (ask ?? askOnTerminal)(`${problem} Shall Baton ${deed.join(' and ')} now?`);
  return agreed ? null : `${problem} ${remedy}.`;
}

async function problemOf(dockerHost: string | null, engine: boolean): Promise<string> {
  if (!engine) return 'rsync is missing.';
  const detected = await detectDocker(dockerHost ?? undefined);
  return detected.available ? '' : detected.reason;
}

async function state(dataDir: string, dockerHost: string | null): Promise<DockerState> {
  const detected = await detectDocker(dockerHost ?? undefined);
  if (!detected.available) return { available: false, startedByUs: false, detail: detected.reason };
  return { available: true, startedByUs: await startedByUs(dataDir), detail: `Docker ${detected.version} answers.` };
}

async function askOnTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^(y|yes|)$/i.test((await terminal.question(`${question} [Y/n] `)).trim());
  } finally {
    terminal.close();
  }
}
