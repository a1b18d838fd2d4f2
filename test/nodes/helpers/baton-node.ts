/** `baton-node` on this machine, as a node of its own: private directories, a private node id, the real Docker engine. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { ContainerInfo, Engine } from '../../../src/conductor/interfaces/engine.ts';
import { commands, type RunHelper, readAnswer } from '../../../src/nodes/helper/commands.ts';
import { createDockerEngine } from '../../../src/nodes/index.ts';
import { loadProbeImage } from './busybox-image.ts';
import { processes } from './processes.ts';
import { baseSpec } from './spec.ts';
import { eventually } from './waiting.ts';

/** With `busybox`, the shell and every tool are busybox's, as on a small machine. */
export type Shell = 'dash' | 'busybox';

export interface HelperRun {
  readonly nodeId: string;
  readonly root: string;
  readonly engine: Engine;
  readonly docker: Docker;
  /** Runs one command in a process of its own. */
  readonly run: RunHelper;
  /** Programs of this directory are found before all others, at once. */
  readonly programs: string;
  /** The same with words that no command would make; returns what it printed. */
  raw(...words: string[]): Promise<string>;
  /** Starts `baton-node serve`. */
  serve(): ChildProcess;
  /** A heartbeat that grants `ttlMs` from the node's last reading. */
  lease(leaseEpoch: number, ttlMs: number): ReturnType<typeof beat>;
  /** Makes a world and a container of it that counts, and waits until it does. */
  startProbe(name: string, epoch: number, leaseEpoch: number): Promise<ContainerInfo & { readonly world: string }>;
  /** The pids of the two watchdogs that run now. */
  watchdogs(): Promise<{ readonly a: number; readonly b: number }>;
  close(): Promise<void>;
}

const script = new URL('../../../src/nodes/helper/baton-node', import.meta.url);

export async function openHelperRun(shell: Shell, dockerHost?: string): Promise<HelperRun> {
  const nodeId = `test-${randomBytes(4).toString('hex')}`;
  const root = await mkdtemp(join(tmpdir(), 'baton-helper-'));
  const path = join(root, 'baton-node');
  await copyFile(script, path);
  const tools = shell === 'busybox' ? await busyboxTools(join(root, 'tools')) : '/usr/sbin:/usr/bin:/sbin:/bin';
  const programs = join(root, 'programs');
  await mkdir(programs);
  const env = { ...process.env, PATH: `${programs}:${tools}` };
  const program: [string, ...string[]] = shell === 'busybox' ? ['/bin/busybox', 'sh', path] : ['/bin/dash', path];
  const [file, ...first] = program;
  const raw = (...words: string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile(file, [...first, ...words], { env }, (error, stdout, stderr) => {
        if (stderr !== '') reject(new Error(`baton-node ${words.join(' ')}: ${stderr}`));
        else if (error !== null && stdout === '') reject(error);
        else resolve(stdout);
      });
    });
  const run: RunHelper = async (command) => readAnswer(command, await raw(...command.words));
  const engine = createDockerEngine({ nodeId });
  const docker = new Docker();
  const image = `baton-test/probe-${nodeId}:1`;
  await loadProbeImage(engine, image);
  await run(commands.install(nodeId, dockerHost));
  await eventually('both watchdogs', async () => (await run(commands.observe())).watchdogs === 2);
  return {
    nodeId,
    root,
    engine,
    docker,
    run,
    programs,
    raw,
    serve: () => spawn(file, [...first, 'serve'], { env, stdio: ['pipe', 'pipe', 'inherit'] }),
    lease: (leaseEpoch, ttlMs) => beat(run, leaseEpoch, ttlMs),
    async startProbe(name, epoch, leaseEpoch) {
      const serverId = `${nodeId}-${name}`;
      await run(commands.ensure({ serverId, epoch, ownerId: 'owner', user: '' }, leaseEpoch));
      const world = join(root, 'servers', serverId, 'data');
      const made = await engine.createContainer({ ...baseSpec, nodeId, image, serverId, epoch, dataDir: world });
      await engine.startContainer(made.id);
      await eventually(`${name} counts`, async () => (await counterOf(world)) > 0);
      return { ...made, world };
    },
    async watchdogs() {
      const pid = async (name: string) => Number(await readFile(join('/run/baton', nodeId, `pid.${name}`), 'utf8'));
      return { a: await pid('a'), b: await pid('b') };
    },
    async close() {
      const { leaseEpoch } = await run(commands.observe());
      await run(commands.uninstall(leaseEpoch + 1)).catch(() => undefined);
      for (const { id } of await engine.inventory()) await engine.removeContainer(id);
      // Containers that the script itself has removed leave their servers' networks.
      const filters = { label: [`baton.node=${nodeId}`] };
      for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
      await eventually('the watchdogs have ended', () => processesOf(path).length === 0);
      await docker.getImage(image).remove({ force: true });
      await rm(join('/run/baton', nodeId), { recursive: true, force: true });
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function beat(run: RunHelper, leaseEpoch: number, ttlMs: number) {
  const { clockMs, bootId } = await run(commands.heartbeat(leaseEpoch));
  return run(commands.heartbeat(leaseEpoch, { untilMs: clockMs + ttlMs, bootId }));
}

/** What the probe has last written; 0 before the first, and when it is just being written. */
export const counterOf = async (world: string): Promise<number> =>
  Number(await readFile(join(world, 'counter'), 'utf8').catch(() => '0'));

async function busyboxTools(directory: string): Promise<string> {
  await mkdir(directory);
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets) await symlink('/bin/busybox', join(directory, applet));
  return directory;
}

/** Pids whose command line names the script. */
const processesOf = (path: string): number[] =>
  processes()
    .filter(({ command }) => command.includes(path))
    .map(({ pid }) => pid);
