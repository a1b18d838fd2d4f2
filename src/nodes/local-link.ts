/**
 * The machine that Baton runs on, as a node that has a helper: there is none, since its lease is our own life. It says how
 * full the machine is, and ends or puts aside what it is told to.
 */
import { mkdir, readFile, rename, statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import type { Ports } from '../actors/ports.ts';
import type { NodeHost } from '../conductor/interfaces/engine.ts';
import type { NodeLink, NodeReading } from '../conductor/interfaces/link.ts';
import { unlessAborted } from './abort.ts';
import { errors } from './errors.ts';
import { namesIn, worldsIn } from './manifest.ts';

export interface LocalLinkOptions {
  readonly host: NodeHost;
  /** Directory of the worlds. */
  readonly dataRoot: string;
  /** Of one that only pretends: nobody's containers but its own fill it. */
  readonly size: { readonly ramMb: number; readonly cpus: number } | null;
  readonly ports: Pick<Ports, 'clock' | 'id'>;
}

const KB = 1024;

/** How long the engine may take to say what is there. */
const ENGINE_MS = 1_000;

export function createLocalLink({ host, dataRoot, size, ports }: LocalLinkOptions): NodeLink {
  const { engine, worlds } = host;
  /** Where the kernel does not say it, a boot is as long as our own life. */
  const boot = readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => ports.id(),
  );

  /** A beat comes each two seconds and has no use for the worlds, each of which is a file to read. */
  async function beat(signal: AbortSignal): Promise<NodeReading> {
    const containers = await inventory(signal);
    return {
      bootId: await boot,
      clockMs: Math.round(uptime() * 1000),
      nodeId: host.id,
      leaseEpoch: 0,
      granted: null,
      watchdogs: 0,
      containers,
      worlds: [],
      quarantine: [],
      ...(size === null ? await usage(dataRoot) : idle(size)),
    };
  }

  /** Null when the engine does not say it in time: whether the machine answers does not hang on that. */
  async function inventory(signal: AbortSignal): Promise<NodeReading['containers']> {
    const late = new AbortController();
    const cancel = ports.clock.schedule(ENGINE_MS, () => late.abort());
    try {
      return await unlessAborted(engine.inventory(signal), late.signal);
    } catch {
      signal.throwIfAborted();
      return null;
    } finally {
      cancel();
    }
  }

  async function observe(signal: AbortSignal): Promise<NodeReading> {
    const [reading, found, quarantine] = await Promise.all([
      beat(signal),
      worldsIn(dataRoot, host.id),
      namesIn(join(dataRoot, 'quarantine')),
    ]);
    return { ...reading, worlds: found.own, quarantine };
  }

  async function endOlder(serverId: string, epoch: number, signal: AbortSignal): Promise<void> {
    for (const container of await engine.inventory(signal)) {
      const isOlder = container.serverId === serverId && container.epoch < epoch;
      if (isOlder) await engine.removeContainer(container.id, signal);
    }
  }

  return {
    bootstrap: () => Promise.reject(errors.helper_refused({ reason: 'Baton runs on this machine' })),
    connect: (_target, signal) => observe(signal),
    heartbeat: (_leaseEpoch, _grant, signal) => beat(signal),
    observe,
    keep: () => Promise.resolve(),
    stop: ({ serverId, epoch }, signal) => endOlder(serverId, epoch + 1, signal),
    async quarantine({ serverId, epoch }, signal) {
      await endOlder(serverId, epoch, signal);
      const { own } = await worldsIn(dataRoot, host.id);
      const found = own.find((world) => world.serverId === serverId);
      if (found === undefined || found.epoch >= epoch) return;
      const aside = join(dataRoot, 'quarantine');
      await mkdir(aside, { recursive: true });
      const at = new Date(ports.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
      await rename(join(worlds.dataDir(serverId), '..'), join(aside, `${serverId}.${found.epoch}.${at}`));
    },
    // What fills it may be its owner's, who did not lend it to us alone.
    cleanDisk: () => Promise.resolve({ freedBytes: 0 }),
    uninstall: () => Promise.reject(errors.helper_refused({ reason: 'Baton runs on this machine' })),
    close: () => Promise.resolve(),
  };
}

async function usage(root: string): Promise<Pick<NodeReading, 'diskKb' | 'memoryKb' | 'cpu'>> {
  const { blocks, bavail, bsize } = await statfs(root).catch(() => ({ blocks: 0, bavail: 0, bsize: 0 }));
  const cores = cpus();
  const idleTicks = cores.reduce((sum, { times }) => sum + times.idle, 0);
  const totalTicks = cores.reduce((sum, { times }) => sum + Object.values(times).reduce((a, b) => a + b, 0), 0);
  return {
    diskKb: { total: Math.floor((blocks * bsize) / KB), free: Math.floor((bavail * bsize) / KB) },
    memoryKb: { total: Math.floor(totalmem() / KB), available: Math.floor((await availableBytes()) / KB) },
    cpu: { count: cores.length, busyTicks: totalTicks - idleTicks, totalTicks },
  };
}

/** With what the kernel would give back; `freemem` leaves that out. */
async function availableBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kb = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kb === undefined ? freemem() : Number(kb) * KB;
}

const idle = ({ ramMb, cpus: count }: { ramMb: number; cpus: number }) => ({
  diskKb: { total: 0, free: 0 },
  memoryKb: { total: ramMb * KB, available: ramMb * KB },
  cpu: { count, busyTicks: 0, totalTicks: 0 },
});
