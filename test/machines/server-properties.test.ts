import test from 'ava';
import fc from 'fast-check';
import { createNodeMachine, type NodeContext } from '../../src/machines/node/index.ts';
import { SERVER_COMMANDS_TAKEN, type ServerContext, type ServerSpec } from '../../src/machines/server/index.ts';
import { Drive } from './drive.ts';
import { create, PREPARED, type Server, seen } from './server-stations.ts';

type Event = { readonly type: string; readonly [key: string]: unknown };
const nodeMachine = createNodeMachine();

/** States in which the plan `payperplay` holds no room. `failed` may: after a stop that failed the container may run on. */
const ROOMLESS = ['creating', 'queued', 'stopped', 'sleeping', 'crashed', 'missing', 'deleted', 'purging', 'purged'];

/** A console command begins none. */
const WITH_OPERATION = SERVER_COMMANDS_TAKEN.filter((type) => type !== 'exec');

/**
 * A server and its real node, with a network between them that may be slow: what the server tells arrives in order but late,
 * and a request for room may arrive long after its effect was given up.
 */
class World {
  readonly server: Server;
  readonly node = new Drive<NodeContext>(nodeMachine, {
    id: 'n1',
    name: 'n',
    kind: 'local',
    engine: 'docker',
    ramMb: 4000,
    cpus: 2,
  });
  readonly #toNode: Event[] = [];
  readonly #toServer: Event[] = [];
  readonly #requests: Event[] = [];
  readonly #begun = new Set(['create-0']);

  constructor(spec: Partial<ServerSpec>, start: boolean) {
    this.server = create(start, spec);
    this.check(this.server.context, () => {});
  }

  /** All that may happen now, in a fixed order, by kind: what is commanded, what effects bring, what else comes. */
  moves(): { commands: (() => boolean)[]; ends: (() => void)[]; rest: (() => void)[] } {
    const { server } = this;
    const sights = [
      seen(server),
      seen(server, null),
      seen(server, { state: 'exited', requested: true }),
      seen(server, { state: 'exited' }),
      seen(server, null, { dataExists: false }),
    ];
    return {
      commands: WITH_OPERATION.flatMap((type) => OPTIONS.map((options) => () => this.#command(type, options))),
      ends: this.#ends(sights),
      rest: [
        ...sights.map((observation) => () => void server.send({ type: 'observed', observation })),
        () => void server.send({ type: 'exec', command: 'list' }),
        () => void server.send({ type: 'probe.failed', streak: 5 }),
        () => void server.send({ type: 'probe.ok', players: 0 }),
        ...server.delays().map((delay) => () => server.ring(delay)),
        () => void server.send({ type: 'capacity.available' }),
        ...this.node.delays().map((delay) => () => this.#expire(delay)),
        ...(this.#toServer.length > 0 ? [() => this.#tellServer()] : []),
        ...(this.#toNode.length > 0 ? [() => this.#deliver()] : []),
        ...(this.#requests.length > 0 ? [() => void this.#request()] : []),
      ],
    };
  }

  #ends(sights: unknown[]): (() => void)[] {
    const { server } = this;
    const outputs: Record<string, unknown[]> = {
      prepare: [PREPARED],
      createContainer: [{ containerId: `c${server.context.epoch}` }],
      boot: [{ players: 1 }],
      terminate: [{ exitCode: 0, oomKilled: false }],
      kill: [{ exitCode: 137, oomKilled: false }],
      verify: sights,
    };
    return [...server.effects.keys()].flatMap((effect) => [
      ...Array.from({ length: 4 }).flatMap(() =>
        effect === 'place'
          ? [() => this.#place()]
          : (outputs[effect] ?? [{}]).map((output) => () => server.done(effect, output)),
      ),
      () => server.fails(effect, { retry: 'transient' }),
      () => server.fails(effect),
    ]);
  }

  #command(type: string, options: object): boolean {
    const operation = this.server.command(type, {
      operationId: this.server.context.operation?.id,
      changes: {},
      ...options,
    });
    if (operation !== null) this.#begun.add(operation.id);
    return operation !== null;
  }

  #place(): void {
    const { epoch, spec } = this.server.context;
    const mine = this.#requests.find((one) => one.epoch === epoch);
    // Asked for again, as after a restart, when it has arrived already.
    this.server.done('place', this.#request(mine ?? reservation(epoch, spec.ramMb)));
  }

  /** One of the requests arrives at the node, in any order; the answer is only heard if somebody still waits for it. */
  #request(event: Event | undefined = this.#requests[0]): unknown {
    if (event === undefined) return undefined;
    const index = this.#requests.indexOf(event);
    if (index >= 0) this.#requests.splice(index, 1);
    this.node.send(event);
    return this.node.verbs.flatMap((verb) =>
      verb.type === 'reply' ? (verb.params.value as readonly unknown[]) : [],
    )[0];
  }

  #deliver(): void {
    const event = this.#toNode.shift();
    if (event === undefined) return;
    this.node.send(event);
  }

  /** The node takes room back that was not used in time. */
  #expire(delay: string): void {
    this.node.ring(delay);
    this.#toServer.push(...this.node.told().map(({ event }) => event));
  }

  #tellServer(): void {
    const event = this.#toServer.shift();
    if (event !== undefined) this.server.send(event);
  }

  /** Lets everything that is under way arrive. */
  settle(): void {
    while (this.#requests.length > 0) this.#request();
    while (this.#toNode.length + this.#toServer.length > 0) {
      while (this.#toNode.length > 0) this.#deliver();
      if (this.#toServer.length > 0) this.check(this.server.context, () => this.#tellServer());
    }
  }

  /** Does one thing, and looks whether everything still holds. */
  check(before: ServerContext, move: () => void): void {
    const { server } = this;
    const placing = server.state.endsWith('.placing') ? before.epoch : -1;
    move();
    const { context, state } = server;
    if (state.endsWith('.placing') && context.epoch !== placing) {
      this.#requests.push(reservation(context.epoch, context.spec.ramMb));
    }
    if (server.verbs !== this.#lastVerbs) {
      for (const { to, event } of server.told()) if (to === 'node/n1') this.#toNode.push(event);
    }
    this.#lastVerbs = server.verbs;

    const ended = server.ended.map(({ id }) => id);
    const open = [...this.#begun].filter((id) => !ended.includes(id));
    must(new Set(ended).size === ended.length, 'an operation ended twice');
    must(
      ended.every((id) => this.#begun.has(id)),
      'an operation ended that never began',
    );
    must(open.length <= 1 && open[0] === context.operation?.id, `open: ${open}, in hand: ${context.operation?.id}`);
    must(context.epoch >= before.epoch, 'the epoch fell');
    must(server.unknown.length === 0, `unknown actions: ${server.unknown}`);
    const status = state.split('.')[0] ?? '';
    if (context.spec.plan === 'payperplay')
      must(!context.reserved || !ROOMLESS.includes(status), `room held in ${state}`);
    must(status !== 'rebuilding' || context.rebuild !== null, 'a rebuild without a way back');
    must(status === 'rebuilding' || context.rebuild === null, `a rebuild left over in ${state}`);
    must(server.snapshot.status === 'active' || context.operation === null, 'an operation open at the end');
  }
  #lastVerbs: unknown;
}

const reservation = (epoch: number, ramMb: number): Event => ({
  type: 'reserve',
  requests: [{ serverId: 's1', epoch, startMs: 1_800_000, ramMb, cpuMilli: 1000, diskMb: 0, ports: 1 }],
});

const OPTIONS = [{}, { stopFirst: true, announce: '' }, { fresh: true, imageTag: 'new' }];

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

const plan = fc.constantFrom<ServerSpec['plan']>('payperplay', 'reserved');
const steps = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 5, maxLength: 100, size: 'max' });

/**
 * Runs the steps in a new world, at first up to `running` if it is to be `warm`; each number chooses among what may happen
 * then. Effects end more often than not, and a command is one that is taken, if there is any.
 */
function run(spec: Partial<ServerSpec>, warm: boolean, numbers: readonly number[]): World {
  const world = new World(spec, warm);
  const step = (move: () => void) => world.check(world.server.context, move);
  while (warm && world.server.state !== 'running.healthy') step(() => world.moves().ends[0]?.());
  for (const number of numbers) {
    const { commands, ends, rest } = world.moves();
    const [kind, choice] = [number % 8, Math.floor(number / 8)];
    if (kind < 2) step(() => void around(commands, choice).some((command) => command()));
    else step(around(kind < 3 || ends.length === 0 ? rest : ends, choice)[0] ?? (() => {}));
  }
  return world;
}

/** The list, begun at one of its places. */
const around = <T>(list: readonly T[], at: number): T[] => [
  ...list.slice(at % list.length),
  ...list.slice(0, at % list.length),
];

test('whatever happens in whatever order, at most one operation is open and each ends once', (t) => {
  fc.assert(
    fc.property(plan, fc.boolean(), fc.boolean(), steps, (plan, wakeOnJoin, warm, numbers) => {
      run({ plan, wakeOnJoin }, warm, numbers);
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('once every message has arrived, the node holds room for a server exactly as the server believes', (t) => {
  fc.assert(
    fc.property(fc.boolean(), steps, (warm, numbers) => {
      const world = run({}, warm, numbers);
      const { server, node } = world;
      if (server.state.endsWith('.placing')) return;
      world.settle();
      if (server.state.endsWith('.placing')) return;
      const held = node.context.reservations.s1;
      must((held !== undefined) === server.context.reserved, `${server.state} believes ${server.context.reserved}`);
    }),
    { numRuns: 1000 },
  );
  t.pass();
});
