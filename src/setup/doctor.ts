/** What `baton doctor` says: what this machine has, what it lacks, and what to do about it. Changes nothing. */
import { access, constants, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { detectDocker } from '../nodes/index.ts';
import { databaseVersion, findBinaries } from '../persistence/embedded/index.ts';
import { hasProgram } from './machine.ts';
import { installCommand } from './packages.ts';

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; null when nothing needs to be done. */
  readonly fix: string | null;
}

/** The parts of the settings that the machine must live up to. */
export type DoctorSettings = Pick<Settings, 'dataDir' | 'database' | 'node'>;

/** AVA and the file APIs that Baton uses need it; npm brings Node 24, so an older one means a wrong PATH. */
const NODE_MAJOR_MIN = 22;
const POSTGRES_MIN = 140_000;
const GIB = 1024 ** 3;
const DISK_FREE_MIN_BYTES = 2 * GIB;
const MEMORY_MIN_BYTES = 2 * GIB;
/** Ports tried of a range, evenly spread: enough to find a range that somebody else lives in. */
const PORT_PROBES = 30;

/** Looks at everything at once; each finding stands for itself, and none throws. Needs no rights beyond one's own. */
export async function diagnose(settings: DoctorSettings): Promise<readonly Finding[]> {
  const checks: Record<string, () => Promise<Omit<Finding, 'name'>>> = {
    'Node.js': async () => checkNode(),
    'data directory': () => checkDataDir(settings.dataDir),
    PostgreSQL: () => (settings.database.url === null ? checkBinaries() : checkDatabase(settings.database.url)),
    'Docker engine': () => checkDocker(settings.node.dockerHost),
    rsync: checkRsync,
    'game ports': () => checkPorts(settings.node),
    memory: async () => checkMemory(),
  };
  const run = async ([name, check]: [string, () => Promise<Omit<Finding, 'name'>>]): Promise<Finding> => {
    try {
      return { name, ...(await check()) };
    } catch (error) {
      return { name, ok: false, detail: error instanceof Error ? error.message : String(error), fix: null };
    }
  };
  return Promise.all(Object.entries(checks).map(run));
}

const good = (detail: string) => ({ ok: true, detail, fix: null });
const bad = (detail: string, fix: string) => ({ ok: false, detail, fix });

function checkNode() {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= NODE_MAJOR_MIN) return good(node);
  return bad(`${node} is too old`, 'Run Baton through `npm start`, which brings its own Node.js.');
}

async function checkDataDir(path: string) {
  const place = await existing(path);
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return bad(`${place} cannot be written`, `Make it writable for this user, or set BATON_DATA_DIR.`);
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const detail = `${path}, ${(free / GIB).toFixed(1)} GiB free`;
  if (free >= DISK_FREE_MIN_BYTES) return good(detail);
  return bad(detail, 'Free some disk, or set BATON_DATA_DIR to a larger one: worlds and images need gigabytes.');
}

/** The path, or the nearest directory above it that exists. */
async function existing(path: string): Promise<string> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  return there || dirname(path) === path ? path : existing(dirname(path));
}

async function checkBinaries() {
  const { major } = await findBinaries();
  return good(`embedded, version ${major}`);
}

async function checkDatabase(url: string) {
  try {
    const { number, text } = await databaseVersion(url);
    if (number >= POSTGRES_MIN) return good(`DATABASE_URL, version ${text}`);
    return bad(`DATABASE_URL is PostgreSQL ${text}`, 'Upgrade it to 14 or newer, or unset DATABASE_URL.');
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    return bad(`DATABASE_URL cannot be reached: ${reason}`, 'Start it, correct DATABASE_URL, or unset it.');
  }
}

async function checkDocker(dockerHost: string | null) {
  const detected = await detectDocker(dockerHost ?? undefined);
  if (detected.available) return good(`version ${detected.version}`);
  return bad(
    detected.reason,
    `As root: \`${installCommand(['docker.io', 'iptables'])}\`, then \`systemctl start docker\`.`,
  );
}

async function checkRsync() {
  if (await hasProgram('rsync')) return good('installed');
  return bad('not installed', `As root: \`${installCommand(['rsync'])}\`.`);
}

async function checkPorts({ portRange: { first, last }, publishAddress }: DoctorSettings['node']) {
  const step = Math.max(1, Math.floor((last - first + 1) / PORT_PROBES));
  const taken: number[] = [];
  for (let port = first; port <= last; port += step) {
    if (!(await isFree(port, publishAddress))) taken.push(port);
  }
  const detail = `${first}-${last} on ${publishAddress}`;
  if (taken.length === 0) return good(detail);
  const fix = 'Ports of running game servers are taken, too. If others hold them, set BATON_PORT_RANGE elsewhere.';
  return { ok: true, detail: `${detail}; taken: ${taken.join(', ')}`, fix };
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function checkMemory() {
  const detail = `${(totalmem() / GIB).toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} GiB free`;
  if (totalmem() >= MEMORY_MIN_BYTES) return good(detail);
  return bad(detail, 'A Minecraft server alone takes 2 GiB: use a larger machine, or smaller games.');
}
