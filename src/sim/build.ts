/** Builds the world of one seed. */
import type { Principal } from '../actors/types.ts';
import type { Games } from '../conductor/interfaces/games.ts';
import { createNodeMachine } from '../machines/node/index.ts';
import { createServerMachine } from '../machines/server/index.ts';
import { startSimBaton } from './baton.ts';
import { createSimDatabase, type OnCommit } from './database.ts';
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
import { makeAccount, memoryNodes } from './store/repositories.ts';
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
  readonly onCommit: OnCommit;
  readonly onContainers: () => void;
  readonly onWrite: MachineParts['onWrite'];
  readonly violation: (invariant: string, text: string) => void;
}

/** A clock may be off by so much: docs/decisions/0007-lease-and-fence.md. */
const PPM_MAX = 500;
/** One way to a machine, on a calm day. */
const LATENCY_MS = [0.2, 5] as const;
const SIZES = [
  { ramMb: 4096, cpus: 2 },
  { ramMb: 8192, cpus: 4 },
];
const RAM_MB = [512, 1024, 2048];

const MACHINES = { server: createServerMachine(settings.server), node: createNodeMachine() };

export async function buildWorld(parts: BuildParts): Promise<World> {
  const { time, random, trace, games, scenario } = parts;
  const newId = createIds(time, random.fork('ids'));
  const clockError = (): ClockError => ({ offsetMs: 0, ppm: random.between(-PPM_MAX, PPM_MAX) });
  const tables = emptyTables();
  const clock = clockError();
  const database = createSimDatabase({ tables, time, clock: clockError(), newId, onCommit: parts.onCommit });
  const account = makeAccount(tables, 'admin', newId);
  const principal: Principal = { accountId: account.id, name: 'admin', admin: true };
  const sshd = createSshd();
  const { image, imageTag } = games.template(TEMPLATE);

  const places: Place[] = [];
  const nodes = memoryNodes(tables, time.now, newId);
  for (let n = 1; n <= scenario.machines; n += 1) {
    const name = `machine-${n}`;
    const size = random.pick(SIZES);
    const { id } = await nodes.upsertNode({ name, engine: 'simulated', ...size });
    const machine = createMachine({
      ...parts,
      id,
      name,
      size,
      images: [`${image}:${imageTag}`],
      clock: clockError(),
      random: random.fork(name),
      leased: false,
      onChange: parts.onContainers,
      onHangUp: (_machine, connection) => sshd.close(connection),
    });
    machine.powerOn();
    places.push({ machine, weather: createWeather(LATENCY_MS), remote: false });
  }

  const chance = random.fork('links');
  function remoteNode({ machine, weather }: Place, life: Life) {
    const passes = (point: string): void => host.passes(life, point);
    const hear = (news: () => void): void => {
      if (chance.chance(weather.unheard())) return;
      time.after(chance.between(...weather.latencyMs()), () => life.enter(news));
    };
    const channel = createChannel({
      link: createLink({ time, life, random: chance, weather, passes }),
      machine,
      sshd,
      hear,
      reachable: () => !weather.cut(),
    });
    return { machine, remote: createRemoteNode({ machine, channel, clock: life.clock, hear, leaseEpoch: () => null }) };
  }

  const host = createHost({
    time,
    random: random.fork('host'),
    trace,
    clock,
    launch: (life, owner, ends) =>
      startSimBaton({
        ports: { clock: life.clock, random: random.fork(`life ${life.generation}`).next, id: newId },
        settings,
        database: database.connect(
          createLink({
            time,
            life,
            random: chance,
            weather: database.weather,
            passes: (point) => host.passes(life, point),
          }),
        ),
        games,
        machines: MACHINES,
        nodes: places.map((place) => remoteNode(place, life)),
        system: { ...principal, name: 'system' },
        owner,
        report(message, details) {
          if (life.alive) trace.say(`baton ${life.generation}: ${message} ${JSON.stringify(details)}`);
        },
        leaseLost: () => ends('its shards are lost'),
      }),
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
  return { time, random, trace, settings, games, tables, database, places, sshd, host, clock, users };
}
