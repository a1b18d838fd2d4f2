/**
 * People who use Baton: they make servers and command them, right or wrong, and ask again under the same key when nobody
 * answers. What was acknowledged to them is written down, and must be there ever after.
 */
import type { Operation, Principal } from '../actors/types.ts';
import type { Caller, CommandOptionsBody, Conductor, PlainCommand } from '../conductor/types.ts';
import { BatonError } from '../errors.ts';
import type { ServerStatus } from '../machines/server/index.ts';
import { TEMPLATE } from './games.ts';
import { type BatonHost, NoAnswer } from './host.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';
import type { Trace } from './trace.ts';

export interface Acknowledged {
  readonly key: string;
  readonly operationId: string;
  readonly target: string;
}

export interface Users {
  /** By key, in the order in which they were heard. */
  readonly acknowledged: ReadonlyMap<string, Acknowledged>;
  /** Wishes that have neither been taken nor refused. */
  open(): number;
  begin(): void;
  /** Wishes nothing new, but goes on asking for what is open. */
  rest(): void;
}

export interface UsersParts {
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly host: BatonHost;
  readonly principal: Principal;
  readonly users: number;
  readonly serversMax: number;
  /** Between two wishes of one user on average, ms. */
  readonly thinkMs: number;
  readonly ramMb: readonly number[];
  /** What a page shows of a server; null when it is not there. */
  readonly statusOf: (serverId: string) => ServerStatus | null;
  readonly violation: (invariant: string, text: string) => void;
}

type Wish = (conductor: Conductor, key: string) => Promise<Operation>;

/** Errors after which nobody knows whether it was done, or which pass: asked again under the same key. */
const AGAIN = new Set(['unavailable', 'ask_timeout', 'stopping', 'fenced', 'mailbox_full', 'stash_full', 'internal']);
const AGAIN_MS = [500, 5_000] as const;

const COMMANDS: readonly (readonly [PlainCommand, CommandOptionsBody])[] = [
  ['start', {}],
  ['start', {}],
  ['start', { fresh: true }],
  ['stop', {}],
  ['stop', { announce: '' }],
  ['kill', {}],
  ['restart', {}],
  ['rebuild', {}],
  ['delete', { stopFirst: true }],
  ['undelete', {}],
  ['undelete', {}],
  ['purge', {}],
  ['failover', { fresh: true }],
];

/** Share of wishes that do not look at how the server is. */
const WRONG = 0.15;

/** What people who look would wish for. */
function fitting(status: ServerStatus | null): typeof COMMANDS {
  const commands = SENSIBLE[status ?? 'purged'];
  return commands === undefined ? COMMANDS : COMMANDS.filter(([command]) => commands.includes(command));
}

const SENSIBLE: Readonly<Partial<Record<ServerStatus, readonly PlainCommand[]>>> = {
  queued: ['stop'],
  starting: ['stop', 'kill', 'delete'],
  running: ['stop', 'kill', 'restart', 'rebuild', 'delete'],
  stopping: ['kill'],
  stopped: ['start', 'rebuild', 'delete'],
  sleeping: ['start', 'rebuild', 'delete'],
  crashed: ['start', 'delete'],
  missing: ['start', 'rebuild', 'delete', 'purge'],
  failed: ['start', 'stop', 'rebuild', 'delete'],
  deleted: ['undelete', 'purge'],
  lost: ['failover', 'stop', 'delete'],
};

export function createUsers(parts: UsersParts): Users {
  const { time, random, trace, host, principal } = parts;
  const acknowledged = new Map<string, Acknowledged>();
  const servers: string[] = [];
  const operations: string[] = [];
  let wishes = 0;
  let open = 0;
  let resting = false;

  function heard(key: string, operation: Operation): void {
    const { id: operationId, target } = operation;
    const before = acknowledged.get(key);
    if (before !== undefined && before.operationId !== operationId) {
      parts.violation('acknowledged', `${key} was answered with ${before.operationId}, then with ${operationId}`);
    }
    acknowledged.set(key, { key, operationId, target });
    operations.push(operationId);
    const [kind, id = ''] = target.split('/');
    if (kind === 'server' && !servers.includes(id)) servers.push(id);
  }

  async function ask(key: string, name: string, wish: Wish): Promise<void> {
    for (;;) {
      try {
        heard(key, await host.ask((conductor) => wish(conductor, key)));
        return trace.say(`${key} ${name}: taken`);
      } catch (error) {
        const mayPass = error instanceof NoAnswer || (error instanceof BatonError && AGAIN.has(error.code));
        if (!mayPass) return trace.say(`${key} ${name}: ${error instanceof BatonError ? error.code : String(error)}`);
      }
      await new Promise<void>((resolve) => time.after(random.between(...AGAIN_MS), resolve));
    }
  }

  function choose(): readonly [string, Wish] {
    const ifBusy = random.chance(0.2) ? 'queue' : 'refuse';
    const caller = (idempotencyKey: string): Caller => ({ principal, idempotencyKey, ifBusy });
    if (servers.length < parts.serversMax && (servers.length === 0 || random.chance(0.5))) {
      const ramMb = random.pick(parts.ramMb);
      const start = random.chance(0.8);
      const plan = random.chance(0.2) ? 'reserved' : 'payperplay';
      const wakeOnJoin = random.chance(0.2);
      const name = `server of wish ${wishes}`;
      const failoverPolicy = random.chance(0.8) ? 'fresh' : 'wait';
      const failoverGraceSeconds = random.pick([0, 0, 0, 10, 60]);
      const own = { plan, wakeOnJoin, failoverPolicy, failoverGraceSeconds } as const;
      const request = { name, template: TEMPLATE, ramMb, start, ...own };
      return ['create', async (conductor, key) => (await conductor.createServer(request, caller(key))).operation];
    }
    const id = random.pick(servers);
    if (operations.length > 0 && random.chance(0.08)) {
      const operation = random.pick(operations.slice(-3));
      return [`cancel ${operation}`, (conductor, key) => conductor.cancelOperation(operation, caller(key))];
    }
    if (random.chance(0.08)) {
      const ramMb = random.pick(parts.ramMb);
      return [`configure ${id}`, (conductor, key) => conductor.configureServer(id, { ramMb }, caller(key))];
    }
    const [command, options] = random.pick(random.chance(WRONG) ? COMMANDS : fitting(parts.statusOf(id)));
    return [`${command} ${id}`, (conductor, key) => conductor.commandServer(id, command, options, caller(key))];
  }

  async function live(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => time.after(random.wait(parts.thinkMs), resolve));
      if (resting) return;
      wishes += 1;
      const key = `wish-${wishes}`;
      const [name, wish] = choose();
      open += 1;
      const asked = ask(key, name, wish).finally(() => {
        open -= 1;
      });
      // Some do not wait for the answer before they wish for the next thing.
      if (random.chance(0.7)) await asked;
    }
  }

  return {
    begin() {
      for (let n = 0; n < parts.users; n += 1) void live();
    },
    acknowledged,
    open: () => open,
    rest() {
      resting = true;
    },
  };
}
