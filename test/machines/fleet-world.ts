/**
 * Two nodes and their servers, purely: the real charts, a message queue for each pair of sender and receiver, and machines that
 * obey the helper's rules (docs/decisions/0007). Whatever may happen next is a list of moves, and every move is checked.
 */
import type { NodeNews, ShownContainer, ShownWorld, Verdict } from '../../src/machines/fleet/index.ts';
import type { Node } from './node-stations.ts';
import { added, BOOTSTRAPPED, beat, inventory, WAIT_MS } from './node-stations.ts';
import { create, PREPARED, type Server } from './server-stations.ts';

type Event = { readonly type: string; readonly [key: string]: unknown };
type Move = () => void;
type Id = 'n1' | 'n2';

/** A copy of a server on a machine; it can run only under a lease of the epoch that it was made or kept under. */
interface Copy {
  readonly id: string;
  readonly serverId: string;
  readonly epoch: number;
  state: 'running' | 'exited';
  leaseEpoch: number;
}

/** What is true of a machine, whatever anybody believes. */
class Machine {
  isCut = false;
  boots = 1;
  leaseEpoch = 1;
  isLeased = false;
  copies: Copy[] = [];
  worlds = new Map<string, number>();

  get bootId(): string {
    return `b${this.boots}`;
  }

  grant(leaseEpoch: number): void {
    if (leaseEpoch < this.leaseEpoch) return;
    this.leaseEpoch = leaseEpoch;
    this.isLeased = true;
  }

  isUnfrozen({ state, leaseEpoch }: Copy): boolean {
    return state === 'running' && this.isLeased && leaseEpoch === this.leaseEpoch;
  }

  /** The power fails: the lease was for the boot before. */
  reboot(): void {
    this.boots += 1;
    this.isLeased = false;
    for (const copy of this.copies) copy.state = 'exited';
  }

  shows(copy: Copy): ShownContainer {
    const { id, serverId, epoch, state } = copy;
    const isUp = state === 'running';
    return { id, serverId, epoch, state: isUp && !this.isUnfrozen(copy) ? 'paused' : state, exitCode: null };
  }
}

/** A question that a node's effect asks; one of an effect that was left may still arrive. */
interface Question {
  readonly nodeId: Id;
  readonly event: Event & { readonly leaseEpoch: number };
  readonly shown: ShownContainer | ShownWorld;
  readonly heard: (verdict: Verdict) => void;
}

interface Reading {
  readonly of: unknown;
  open: number;
  readonly keep: ShownContainer[];
  readonly stop: ShownContainer[];
  readonly quarantine: (ShownContainer & { newerEpoch: number })[];
  readonly asideWorlds: string[];
}

const TRANSIENT = ['creating', 'queued', 'starting', 'stopping', 'rebuilding', 'crashed', 'lost', 'deleted', 'purging'];

export class FleetWorld {
  readonly nodes: Readonly<Record<Id, Node>>;
  readonly machines: Readonly<Record<Id, Machine>> = { n1: new Machine(), n2: new Machine() };
  readonly servers: Server[];
  readonly #queues = new Map<string, Event[]>();
  readonly #seen = new Map<unknown, unknown>();
  readonly #readings = new Map<Id, Reading>();
  #questions: Question[] = [];
  /** Keeps that were sent by an effect which was left since. */
  #lateKeeps: Move[] = [];
  /** What happened, for the message of a property that failed. */
  readonly log: string[] = [];

  constructor(policies: readonly ('wait' | 'fresh')[]) {
    this.nodes = { n1: this.#node('n1'), n2: this.#node('n2') };
    this.servers = policies.map((failoverPolicy, index) => {
      const server = create(true, { failoverPolicy, failoverGraceSeconds: 0 }, `s${index}`);
      server.done('prepare', { ...PREPARED, nodeId: index % 2 === 0 ? 'n1' : 'n2' });
      return server;
    });
    this.settle();
  }

  #node(id: Id): Node {
    const node = added({ id, name: id });
    node.done('bootstrap', BOOTSTRAPPED);
    node.done('readInventory', inventory());
    return node;
  }

  /** Everything that may happen now, by kind. */
  moves(): { traffic: Move[]; effects: Move[]; faults: Move[]; commands: Move[] } {
    const ids = ['n1', 'n2'] as const;
    return {
      traffic: [...this.#deliveries(), ...this.#questions.map((one) => () => this.#ask(one)), ...this.#lateKeeps],
      effects: [
        ...ids.flatMap((id) => this.#effectsOfNode(id)),
        ...this.servers.flatMap((server) => [...this.#effectsOf(server), ...this.#timersOf(server)]),
      ],
      faults: ids.flatMap((id) => this.#faults(id)),
      commands: this.servers.flatMap((server) => [
        () => void this.#command(server, 'stop'),
        () => void this.#command(server, 'start'),
        () => void this.#command(server, 'failover', { fresh: true }),
        () => void this.#command(server, 'failover'),
        () => void this.#command(server, 'restart', { announce: '' }),
      ]),
    };
  }

  step(move: Move | undefined): void {
    move?.();
    this.#collect();
    this.check();
  }

  /** No copy of a server is unfrozen but where the server says that its home is, and there only the newest. */
  check(): void {
    for (const server of this.servers) {
      const { id, nodeId, epoch, loss } = server.context;
      if (server.state.startsWith('lost') !== (loss !== null)) this.#fail(`${id} (${server.state}): ${loss?.since}`);
      const up = (['n1', 'n2'] as const).flatMap((at) =>
        this.machines[at].copies
          .filter((copy) => copy.serverId === id && this.machines[at].isUnfrozen(copy))
          .map((copy) => ({ at, ...copy })),
      );
      const elsewhere = up.filter(({ at }) => at !== nodeId);
      if (elsewhere.length > 0) this.#fail(`${id} (${server.state}, ${nodeId}, ${epoch}) runs on ${elsewhere[0]?.at}`);
      if (up.length > 1) this.#fail(`${id} runs ${up.length} times`);
    }
  }

  /** Everything heals but a node that is dead, and everything that is under way comes to its end. */
  settle(dead?: Id): void {
    for (const [id, machine] of Object.entries(this.machines)) machine.isCut = id === dead;
    for (let rounds = 0; rounds < 2000; rounds += 1) {
      const { traffic, effects } = this.moves();
      const next = traffic[0] ?? effects[0];
      if (next === undefined) return;
      this.step(next);
    }
    this.#fail('it never gets quiet');
  }

  /** What must hold once everything is quiet and every node is there, but for one that may be dead. */
  checkQuiet(dead?: Id): void {
    for (const [id, node] of Object.entries(this.nodes)) {
      if (id === dead) continue;
      if (!JSON.stringify(node.snapshot.value).includes('"connected"')) this.#fail(`${id} is not connected`);
    }
    for (const server of this.servers) {
      const { state, context } = server;
      if (context.nodeId === dead) {
        // It waits for nothing but its node or a person.
        if (state.startsWith('lost') && state !== 'lost.fenced') this.#fail(`${context.id} is ${state}`);
        if (state === 'lost.fenced' && context.spec.failoverPolicy === 'fresh') this.#fail(`${context.id} waits`);
        continue;
      }
      if (state.startsWith('lost')) this.#fail(`${server.context.id} is ${state}`);
      const isTransient = TRANSIENT.includes(state.split('.')[0] ?? '') && state !== 'deleted.kept';
      if (isTransient && server.timers.size + server.effects.size === 0) this.#fail(`${state} is stuck`);
    }
  }

  #fail(what: string): never {
    throw new Error(`${what}\n${this.log.join('\n')}`);
  }

  /** What turns have told since this was last asked. A turn that took nothing leaves the verbs of the one before. */
  #collect(): void {
    const actors = [
      ...Object.entries(this.nodes).map(([id, node]) => [`node/${id}`, node] as const),
      ...this.servers.map((server) => [`server/${server.context.id}`, server] as const),
    ];
    for (const [from, actor] of actors) {
      if (this.#seen.get(actor) === actor.verbs) continue;
      this.#seen.set(actor, actor.verbs);
      for (const { to, event } of actor.told()) {
        const key = `${from}>${to}`;
        this.#queues.set(key, [...(this.#queues.get(key) ?? []), event as Event]);
      }
    }
  }

  #deliveries(): Move[] {
    return [...this.#queues].flatMap(([key, [event]]) => (event === undefined ? [] : [() => this.#deliver(key)]));
  }

  #deliver(key: string): void {
    const [event, ...rest] = this.#queues.get(key) ?? [];
    this.#queues.set(key, rest);
    const [, to = ''] = key.split('>');
    const [kind, id] = to.split('/');
    const actor = kind === 'node' ? this.nodes[id as Id] : this.servers.find(({ context }) => context.id === id);
    if (event === undefined) return;
    this.log.push(`${key} ${event.type} ${(event as Partial<NodeNews>).leaseEpoch ?? ''}`);
    actor?.send(event);
  }

  #command(server: Server, type: string, options: Record<string, unknown> = {}): void {
    if (server.command(type, options) !== null) this.log.push(`${server.context.id} ${type} → ${server.state}`);
  }

  #faults(id: Id): Move[] {
    const machine = this.machines[id];
    const say = (what: string) => this.log.push(`${id} ${what}`);
    const cut = () => {
      machine.isCut = !machine.isCut;
      say(machine.isCut ? 'is cut off' : 'is reachable');
    };
    const runOut = () => {
      machine.isLeased = false;
      say('lease runs out');
    };
    const reboot = () => {
      machine.reboot();
      say('reboots');
    };
    return [cut, cut, cut, ...(machine.isCut ? [runOut] : []), reboot];
  }

  #effectsOfNode(id: Id): Move[] {
    const node = this.nodes[id];
    const machine = this.machines[id];
    return [...node.effects.keys()]
      .flatMap((effect): Move[] => {
        switch (effect) {
          case 'heartbeat':
            return machine.isCut || machine.bootId !== node.context.bootId ? [() => this.#beat(id)] : this.#grants(id);
          case 'connect':
            return machine.isCut ? [] : [() => node.done('connect', { bootId: machine.bootId })];
          case 'fence':
            return [() => this.#fence(id)];
          case 'readInventory':
            return machine.isCut ? [() => this.#unread(id)] : [() => this.#read(id)];
          case 'quarantineStrays':
            return machine.isCut ? [() => this.#unsettled(id)] : [() => this.#settleStrays(id)];
          default:
            return [];
        }
      })
      .concat(node.delays().includes('retry') ? [() => node.ring('retry')] : []);
  }

  /** A beat that is answered as the one before changes nothing but the machine. */
  #grants(id: Id): Move[] {
    const machine = this.machines[id];
    const { leaseEpoch } = this.nodes[id].context;
    return machine.isLeased && machine.leaseEpoch === leaseEpoch ? [] : [() => machine.grant(leaseEpoch)];
  }

  #beat(id: Id): void {
    const node = this.nodes[id];
    const machine = this.machines[id];
    this.log.push(`${id} ${machine.isCut ? 'is lost' : 'is seen to have rebooted'}`);
    if (machine.isCut) node.send({ type: 'beat.missed', streak: 3, lastLeaseAt: node.now });
    else beat(node, { bootId: machine.bootId });
  }

  /** The wait is as long as any grant lasts, so by then the machine has frozen everything by itself. */
  #fence(id: Id): void {
    this.machines[id].isLeased = false;
    this.log.push(`${id} is fenced`);
    this.nodes[id].done('fence', { proof: 'lease_expired', waitedMs: WAIT_MS });
  }

  /** Asks about everything that is there; the answers come one by one, then it is done. */
  #read(id: Id): void {
    const node = this.nodes[id];
    const machine = this.machines[id];
    const started = node.effects.get('readInventory');
    const reading = this.#readings.get(id);
    if (started === undefined) return;
    if (reading !== undefined && reading.of === started) {
      if (reading.open > 0) return this.#ask(this.#questions.find(({ nodeId }) => nodeId === id));
      const { keep, stop, quarantine } = reading;
      const shown = [...keep, ...stop, ...quarantine];
      this.#readings.delete(id);
      for (const serverId of reading.asideWorlds) machine.worlds.delete(serverId);
      return node.done('readInventory', inventory(shown, { keep, stop, quarantine }, machine.bootId));
    }
    const { leaseEpoch, recovering } = started.input as { leaseEpoch: number; recovering: boolean };
    const fresh: Reading = { of: started, open: 0, keep: [], stop: [], quarantine: [], asideWorlds: [] };
    this.#readings.set(id, fresh);
    const about = { type: 'node.shows', nodeId: id, leaseEpoch, recovering };
    const ask = (event: Question['event'], shown: Question['shown'], heard: Question['heard']) => {
      fresh.open += 1;
      this.#questions.push({
        nodeId: id,
        event,
        shown,
        heard: (verdict) => {
          fresh.open -= 1;
          heard(verdict);
        },
      });
    };
    for (const copy of machine.copies) {
      const shown = machine.shows(copy);
      ask({ ...about, container: shown }, shown, (verdict) => {
        if (verdict.verdict === 'quarantine') fresh.quarantine.push({ ...shown, newerEpoch: verdict.newerEpoch });
        else if (verdict.verdict !== 'hold') fresh[verdict.verdict].push(shown);
      });
    }
    for (const [serverId, epoch] of machine.worlds) {
      ask({ ...about, world: { serverId, epoch } }, { serverId, epoch }, ({ verdict }) => {
        if (verdict === 'quarantine') fresh.asideWorlds.push(serverId);
      });
    }
  }

  #ask(question: Question | undefined): void {
    if (question === undefined) return;
    this.#questions = this.#questions.filter((one) => one !== question);
    const server = this.servers.find(({ context }) => context.id === question.shown.serverId);
    server?.send(question.event);
    const reply = server?.verbs.flatMap((verb) => (verb.type === 'reply' ? [verb.params.value as Verdict] : []))[0];
    const { leaseEpoch } = question.event;
    this.log.push(
      `${question.nodeId} asks ${question.shown.serverId} under ${leaseEpoch}: ${reply?.verdict} ${server?.state}`,
    );
    if (reply !== undefined) question.heard(reply);
  }

  #unread(id: Id): void {
    this.#readings.delete(id);
    this.log.push(`${id} could not be read`);
    this.nodes[id].fails('readInventory');
  }

  #apply(id: Id, leaseEpoch: number, { keep, stop, quarantine }: Pick<Reading, 'keep' | 'stop' | 'quarantine'>): void {
    const machine = this.machines[id];
    if (leaseEpoch < machine.leaseEpoch) return;
    // A newer epoch of the lease holds everything that ran under an older one.
    machine.leaseEpoch = leaseEpoch;
    const gone = [...stop, ...quarantine].map((one) => one.id);
    machine.copies = machine.copies.filter((copy) => !gone.includes(copy.id));
    for (const copy of machine.copies) if (keep.some((one) => one.id === copy.id)) copy.leaseEpoch = leaseEpoch;
    for (const { serverId } of quarantine) machine.worlds.delete(serverId);
  }

  #settleStrays(id: Id): void {
    const input = this.nodes[id].effects.get('quarantineStrays')?.input as Reading & { leaseEpoch: number };
    this.#apply(id, input.leaseEpoch, input);
    this.log.push(`${id} keeps ${input.keep.map((one) => one.id)} under ${input.leaseEpoch}`);
    this.nodes[id].done('quarantineStrays');
  }

  /** The effect fails, and what it had sent arrives all the same, now or later. */
  #unsettled(id: Id): void {
    const input = this.nodes[id].effects.get('quarantineStrays')?.input as Reading & { leaseEpoch: number };
    const late = () => {
      this.#lateKeeps = this.#lateKeeps.filter((one) => one !== late);
      this.log.push(`${id} keeps late ${input.keep.map((one) => one.id)} under ${input.leaseEpoch}`);
      this.#apply(id, input.leaseEpoch, input);
    };
    this.#lateKeeps.push(late);
    this.nodes[id].fails('quarantineStrays');
  }

  #timersOf(server: Server): Move[] {
    const delays = ['failoverGrace', 'verifyDeadline', 'newsDeadline', 'nextAttempt', 'crashBackoff'];
    return server
      .delays()
      .filter((delay) => delays.includes(delay) && (delay !== 'verifyDeadline' || !server.effects.has('verify')))
      .map((delay) => () => server.ring(delay));
  }

  #effectsOf(server: Server): Move[] {
    return [...server.effects].flatMap(([effect, { input }]): Move[] => {
      if (effect === 'monitor') return [];
      // It waits for the game, which waits for the lease.
      if (effect === 'boot' && !this.#mayBoot(server)) return [];
      return [
        () => {
          this.log.push(`${server.context.id} ${effect} in ${server.state}`);
          this.#run(server, effect, input as Record<string, unknown>);
        },
      ];
    });
  }

  #mayBoot({ context: { nodeId } }: Server): boolean {
    const { isCut, isLeased, leaseEpoch } = this.machines[nodeId as Id];
    return isCut || (isLeased && leaseEpoch === this.nodes[nodeId as Id].context.leaseEpoch);
  }

  /** An effect against a machine that is cut off fails; what its node's actor says of room is true in any case. */
  #run(server: Server, effect: string, input: Record<string, unknown>): void {
    if (effect === 'place') return this.#place(server, input);
    if (effect === 'findWorld') return server.fails(effect, { code: 'no_data' });
    const id = server.context.nodeId as Id;
    const machine = this.machines[id];
    if (machine.isCut) return server.fails(effect, { code: 'node_unreachable', retry: 'transient' });
    server.done(effect, this.#onMachine(server, machine, this.nodes[id].context.leaseEpoch, effect, input));
  }

  #place(server: Server, input: Record<string, unknown>): void {
    const avoid = input.avoid as readonly string[];
    const id = (avoid.includes('n1') ? 'n2' : avoid.includes('n2') ? 'n1' : input.nodeId) as Id;
    const node = this.nodes[id];
    const { serverId, epoch } = input;
    node.send({ type: 'reserve', requests: [{ serverId, epoch, startMs: 1_800_000, ramMb: 100, cpu: 1 }] });
    this.#collect();
    const answer = node.verbs.flatMap((verb) =>
      verb.type === 'reply' ? (verb.params.value as readonly { placed: boolean }[]) : [],
    );
    const home = { nodeId: id, engine: 'docker', ports: [] };
    server.done('place', answer[0]?.placed ? { placed: true, ...(id !== input.nodeId && { home }) } : answer[0]);
  }

  #onMachine(
    server: Server,
    machine: Machine,
    leaseEpoch: number,
    effect: string,
    input: Record<string, unknown>,
  ): unknown {
    const { id, epoch } = server.context;
    const mine = machine.copies.filter((copy) => copy.serverId === id);
    const one = mine.find((copy) => copy.id === input.containerId);
    switch (effect) {
      case 'createContainer': {
        const made = { id: `${id}-${epoch}`, serverId: id, epoch, state: 'exited', leaseEpoch } as const;
        machine.copies = [...machine.copies.filter((copy) => copy.serverId !== id), { ...made }];
        machine.worlds.set(id, epoch);
        return { containerId: made.id };
      }
      case 'boot':
        if (one !== undefined) one.state = 'running';
        return { players: 0 };
      case 'terminate':
      case 'kill':
        if (one !== undefined) one.state = 'exited';
        return { exitCode: 0, oomKilled: false };
      case 'removeContainer':
        machine.copies = machine.copies.filter((copy) => copy.serverId !== id);
        return {};
      case 'verify': {
        const [newest] = mine.sort((a, b) => b.epoch - a.epoch);
        const container = newest && { ...machine.shows(newest), oomKilled: false, requested: true, logTail: [] };
        return { container: container ?? null, dataExists: machine.worlds.has(id), dataMarked: null };
      }
      default:
        return {};
    }
  }
}
