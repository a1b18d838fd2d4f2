/** Builds the world of one seed. */
import { nodeLimits } from '../../config/fleet.ts';
import type { Principal } from '../actors/types.ts';
import type { Games } from '../conductor/interfaces/games.ts';
import type { Machine as Node } from '../conductor/interfaces/machines.ts';
import { createNodeMachine } from '../machines/node/index.ts';
import { createServerMachine } from '../machines/server/index.ts';
import { startSimBaton } from './baton.ts';
import { createSimDatabase, type OnCommit } from './database.ts';
import type { Seams } from './defects/index.ts';
import { TEMPLATE } from './games.ts';
import { createHost } from './host.ts';
import { createIds } from './ids.ts';
import type { ClockError, Life } from './life.ts';
import { createLink } from './link.ts';
import { createChannel } from './node/channel.ts';
import { createMachine, type MachineParts } from './node/machine.ts';
import { createRemoteNode } from './node/remote-node.ts';
import { createSshd } from './node/sshd.ts';
import type { Random } from './random.ts';
import { type Scenario, SIM_SETTINGS as settings } from './settings.ts';
import { makeAccount } from './store/repositories.ts';
import { emptyTables } from './store/tables.ts';
import type { Time } from './time.ts';
import type { Trace } from './trace.ts';
import { createUsers } from './users.ts';
import { createWeather } from './weather.ts';
import type { Place, World } from './world.ts';

export interface BuildParts {
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly games: Games;
  readonly scenario: Scenario;
  /** The defect that is planted, if any. */
  readonly seams: Seams;
  readonly onCommit: OnCommit;
  readonly onContainers: () => void;
  readonly onWrite: MachineParts['onWrite'];
  readonly violation: (invariant: string, text: string) => void;
}

/** A clock may be off by so much: docs/decisions/0007-lease-and-fence.md. */
const PPM_MAX = 500;
/** The machine that Baton runs on. */
export const HOME = 'home';
/** One way between people and Baton. */
const WIRE_MS = [1, 30] as const;
const AT_HOME_MS = [0.05, 0.3] as const;
/** One way to another machine, on a calm day. */
const LATENCY_MS = [0.2, 5] as const;
const SIZES = [
  { ramMb: 3072, cpus: 2 },
  { ramMb: 4096, cpus: 2 },
  { ramMb: 8192, cpus: 4 },
];
const RAM_MB = [512, 1024, 2048];

const MACHINES = { server: createServerMachine(settings.server), node: createNodeMachine(nodeLimits(settings.fleet)) };

export async function buildWorld(parts: BuildParts): Promise<World> {
  const { time, random, trace, games, scenario, seams } = parts;
  const newId = createIds(time, random.fork('ids'));
  const clockError = (): ClockError => ({ offsetMs: 0, ppm: random.between(-PPM_MAX, PPM_MAX) });
  const tables = emptyTables();
  const clock = clockError();
  const database = createSimDatabase({ tables, seams, time, clock: clockError(), newId, onCommit: parts.onCommit });
  const account = makeAccount(tables, 'admin', newId);
  const principal: Principal = { accountId: account.id, name: 'admin', admin: true };
  const charts = seams.charts?.(MACHINES) ?? MACHINES;
  const sshd = createSshd();
  const { image, imageTag } = games.template(TEMPLATE);

  const places = Array.from({ length: scenario.machines + 1 }, (_, n): Place => {
    const name = n === 0 ? HOME : `machine-${n}`;
    const machine = createMachine({
      ...parts,
      name,
      size: random.pick(SIZES),
      images: [`${image}:${imageTag}`],
      clock: n === 0 ? clock : clockError(),
      random: random.fork(name),
      leased: n > 0,
      onChange: parts.onContainers,
      onHangUp: (_machine, connection) => {
        const close = (): void => sshd.close(connection);
        (seams.hangUp ?? ((hangUp) => hangUp()))(close);
      },
    });
    machine.powerOn();
    return { machine, weather: createWeather(n === 0 ? AT_HOME_MS : LATENCY_MS), remote: n > 0 };
  });
  const [home] = places;
  if (home === undefined) throw new TypeError('There is no machine for Baton.');

  const chance = random.fork('links');
  function nodeOf({ machine, weather, remote }: Place, life: Life, nodeId: string): Node {
    const hear = (news: () => void): void => {
      if (chance.chance(weather.unheard())) return;
      weather.pass(() => void time.after(chance.between(...weather.latencyMs()), () => life.enter(news)));
    };
    const common = { machine, hear, clock: life.clock, local: !remote };
    const passes = (point: string): void => host.passes(life, point);
    const link = createLink({ time, life, random: chance, weather, passes });
    const channel = createChannel({ ...common, link, sshd, reachable: () => !weather.cut() });
    const node = createRemoteNode({ ...common, channel, nodeId });
    return seams.link === undefined || !remote ? node : { ...node, link: seams.link(node.link, life.clock) };
  }

  const wire = createWeather(WIRE_MS);
  const host = createHost({
    time,
    weather: wire,
    random: random.fork('host'),
    trace,
    clock,
    launch(life, owner, ends) {
      const passes = (point: string): void => host.passes(life, point);
      const toDatabase = createLink({ time, life, random: chance, weather: database.weather, passes });
      const client = database.connect(toDatabase);
      return startSimBaton({
        ports: {
          clock: life.clock,
          random: random.fork(`life ${life.generation}`).next,
          id: newId,
          // Whatever follows from one event is done before the next: nothing ever waits to be sent.
          yield: () => Promise.resolve(),
        },
        settings,
        seams,
        database: seams.client?.(client) ?? client,
        games,
        machines: charts,
        home: { name: HOME, size: home.machine.size, node: (nodeId) => nodeOf(home, life, nodeId) },
        remote({ id, name, ssh }) {
          const place = places.find(({ machine }) => machine.name === ssh.hostname);
          if (place === undefined) throw new TypeError(`There is no machine for ${name}.`);
          return nodeOf(place, life, id);
        },
        system: { ...principal, name: 'system' },
        owner,
        report(message, details) {
          if (life.alive) trace.say(`baton ${life.generation}: ${message} ${JSON.stringify(details)}`);
        },
        leaseLost: () => ends('its shards are lost'),
      });
    },
  });
  const users = createUsers({
    time,
    random: random.fork('users'),
    trace,
    host,
    principal,
    users: scenario.users,
    serversMax: scenario.servers,
    thinkMs: scenario.thinkMs,
    ramMb: RAM_MB,
    statusOf: (id) => tables.servers.get(id)?.status ?? null,
    violation: parts.violation,
  });
  return {
    time,
    random,
    trace,
    settings,
    games,
    tables,
    database,
    places,
    sshd,
    host,
    wire,
    clock,
    users,
    operator: principal,
  };
}
