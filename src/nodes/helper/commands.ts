/**
 * The helper's command lines. Each comes with what its answer must look like; whoever carries it to the node need not know
 * more than that.
 */
import { z } from 'zod';
import type { WorldManifest } from '../../conductor/interfaces/engine.ts';
import { errors } from '../errors.ts';
import * as answers from './answers.ts';

export interface HelperCommand<T> {
  /** Words without spaces and without anything that a shell would read differently. */
  readonly words: readonly string[];
  readonly answer: z.ZodType<T>;
}

/** Carries a command to a node's helper. Throws what {@link readAnswer} throws, and what the way to the node throws. */
export type RunHelper = <T>(command: HelperCommand<T>, options?: RunOptions) => Promise<T>;

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number;
}

export interface Grant {
  /** A clock reading that the node gave us, plus the TTL; in ms of the node's clock. */
  readonly untilMs: number;
  /** The boot that this clock belongs to. */
  readonly bootId: string;
}

/** A server's placement, and the lease under which the command is given. */
export interface Placement {
  readonly serverId: string;
  readonly epoch: number;
  readonly leaseEpoch: number;
}

const make = <T>(answer: z.ZodType<T>, name: string, options: Readonly<Record<string, string | number>> = {}) => {
  const words = [name, ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)])];
  const odd = words.find((word) => !/^[A-Za-z0-9._:/-]+$/.test(word));
  if (odd !== undefined) throw errors.helper_refused({ reason: `"${odd}" is no word for a command` });
  return { words, answer } satisfies HelperCommand<T>;
};

const placed = ({ serverId, epoch, leaseEpoch }: Placement) => ({ server: serverId, epoch, lease: leaseEpoch });

/** Only numbers mean the same inside and outside of a container. */
function ownerOf(user: string): { readonly user?: string } {
  const match = /^(\d+)(?::(\d+))?$/.exec(user);
  return match === null ? {} : { user: `${match[1]}:${match[2] ?? match[1]}` };
}

export const commands = {
  /** One beat. With a grant, the lease lasts until then; without, only what is there is told. */
  heartbeat: (leaseEpoch: number, grant?: Grant) =>
    make(answers.observation, 'heartbeat', {
      epoch: leaseEpoch,
      ...(grant === undefined ? {} : { 'grant-until': grant.untilMs, boot: grant.bootId }),
    }),
  observe: () => make(answers.observation, 'observe'),
  ensure: ({ serverId, epoch, ownerId, user }: WorldManifest, leaseEpoch: number) =>
    make(answers.ensured, 'ensure', {
      ...placed({ serverId, epoch, leaseEpoch }),
      ...(ownerId === '' ? {} : { owner: ownerId }),
      ...ownerOf(user),
    }),
  /** Without marks to look for, the directory itself stands for one; its `bytes` are null. */
  look: (serverId: string, marks: readonly string[]) =>
    make(answers.sized, 'size', { server: serverId, marks: marks.join(':') || '.' }),
  /** Walks the whole world. */
  size: (serverId: string) => make(answers.sized, 'size', { server: serverId }),
  remove: (serverId: string, leaseEpoch: number) =>
    make(answers.done, 'remove', { server: serverId, lease: leaseEpoch }),
  /** What ran under an older lease and has still the right epoch goes on, as soon as a lease lasts. */
  keep: (placement: Placement) => make(answers.done, 'keep', placed(placement)),
  /** Should not run, though it is where it belongs: its container ends, frozen or not, and its data stays. */
  stop: (placement: Placement) => make(answers.done, 'stop', placed(placement)),
  /** `epoch` is the newer one; what is older goes, its data is put aside. Twice is once. */
  quarantine: (placement: Placement) => make(answers.putAside, 'quarantine', placed(placement)),
  ports: () => make(answers.portsInUse, 'ports'),
  install: (nodeId: string, dockerHost?: string) =>
    make(answers.installed, 'install', {
      node: nodeId,
      ...(dockerHost === undefined ? {} : { 'docker-host': dockerHost }),
    }),
  /** All containers go, all data is put aside, the watchdog ends. For a node that Baton gives up. */
  uninstall: (leaseEpoch: number) => make(answers.done, 'uninstall', { epoch: leaseEpoch }),
};

/**
 * Reads what the helper answered.
 *
 * @throws `stale_epoch` (fenced), `world_in_use`, `data_dir_unusable`, `engine_unavailable`, `helper_refused`, or
 *   `helper_failed` when it is no answer at all
 */
export function readAnswer<T>({ words, answer }: HelperCommand<T>, text: string): T {
  const [name = ''] = words;
  const parsed = parseJson(text);
  const refused = answers.refusal.safeParse(parsed);
  if (refused.success) throw refusedError(name, refused.data);
  const read = answer.safeParse(parsed);
  if (read.success) return read.data;
  const reason = parsed === undefined ? `it answered "${text.slice(0, 200)}"` : z.prettifyError(read.error);
  throw errors.helper_failed({ command: name, reason }, { cause: read.error });
}

function refusedError(command: string, { code, message, highest }: answers.Refusal) {
  switch (code) {
    case 'stale_epoch':
      return errors.stale_epoch({ reason: message, highest });
    case 'still_running':
      return errors.world_in_use({ reason: message });
    case 'disk_failed':
      return errors.data_dir_unusable({ path: 'of the node', reason: message });
    case 'engine_silent':
      return errors.engine_unavailable({ reason: message });
    case 'bad_request':
    case 'no_freezer':
      return errors.helper_refused({ reason: message });
    default:
      return errors.helper_failed({ command, reason: message });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
