/** What happens to a machine in each scenario, until when, and what must come of it. */
import type { FleetNode } from '../fleet.ts';
import type { ServerSeen } from './api.ts';
import type { Picture } from './watch.ts';

/** What the servers of the machine that was struck must come to. */
export type Outcome =
  /** Those that may move run elsewhere, with a newer epoch; the others wait, frozen, and go on in the same container. */
  | 'moved'
  /** The same, only that those that wait are started anew, since nothing survived on their machine. */
  | 'moved_or_restarted'
  /** All of them are in the same containers as before. */
  | 'untouched'
  /** All of them run on their machine in new containers: their old ones ended with the engine. */
  | 'restarted';

/** Something that the API says of a machine that was struck and of the servers that it had, as they were before. */
export type Sign = (picture: Picture, nodeId: string, own: readonly ServerSeen[]) => boolean;

const movable = (server: ServerSeen) => server.failover_policy !== 'wait';

/** Its servers are shown as lost, if they do not run elsewhere already. */
const lost: Sign = ({ servers }, _, own) =>
  own.every((was) => {
    const now = servers.get(was.id);
    return now !== undefined && (now.status === 'lost' || now.epoch > was.epoch);
  });

/** One of them is being started elsewhere. */
const moving: Sign = ({ servers }, nodeId, own) =>
  own.some((was) => movable(was) && servers.get(was.id)?.node_id !== nodeId && servers.has(was.id));

/** Those that may move run elsewhere. */
export const moved: Sign = ({ servers }, nodeId, own) =>
  own.filter(movable).every(({ id }) => servers.get(id)?.status === 'running' && servers.get(id)?.node_id !== nodeId);

/** That, and it is certain that those that wait are frozen. */
const settled: Sign = (picture, nodeId, own) =>
  moved(picture, nodeId, own) &&
  own.every((was) => movable(was) || picture.servers.get(was.id)?.status_detail === 'fenced');

const diskCritical: Sign = ({ nodes }, nodeId) => nodes.get(nodeId)?.pressure.disk === 'critical';

/** Something is said to be wrong with one of its servers. */
const away: Sign = ({ servers }, _, own) => own.some(({ id }) => servers.get(id)?.status_detail !== 'healthy');

export interface Scenario {
  readonly name: string;
  readonly about: string;
  strike(machine: FleetNode): Promise<void>;
  /** By what Baton shows that it has noticed. */
  readonly noticed: Sign;
  /** What is waited for before the machine is mended. */
  readonly until: Sign;
  mend(machine: FleetNode): Promise<void>;
  readonly outcome: Outcome;
}

const cutBy = (direction: 'both' | 'in' | 'out') => ({
  strike: (machine: FleetNode) => machine.cut(direction),
  noticed: lost,
  mend: (machine: FleetNode) => machine.heal(),
});
const failedOver = { until: settled, outcome: 'moved' } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'power',
    about: 'a machine loses its power, and gets it back',
    strike: (machine) => machine.kill(),
    noticed: lost,
    until: settled,
    mend: (machine) => machine.boot(),
    outcome: 'moved_or_restarted',
  },
  {
    name: 'engine',
    about: 'its Docker is killed, and started again',
    strike: (machine) => machine.killEngine(),
    noticed: away,
    until: away,
    mend: (machine) => machine.startEngine(),
    outcome: 'restarted',
  },
  {
    name: 'engine-restart',
    about: 'its Docker is restarted in order, as by an update',
    strike: (machine) => machine.endEngine(),
    noticed: away,
    until: () => true,
    mend: (machine) => machine.startEngine(),
    outcome: 'restarted',
  },
  {
    name: 'engine-hang',
    about: 'its Docker stands still for longer than a lease lasts',
    strike: (machine) => machine.stopEngine(),
    noticed: away,
    until: away,
    mend: (machine) => machine.contEngine(),
    outcome: 'untouched',
  },
  { name: 'cut', about: 'it is cut off, failed over, and back', ...cutBy('both'), ...failedOver },
  { name: 'cut-in', about: 'nothing reaches it', ...cutBy('in'), ...failedOver },
  { name: 'cut-out', about: 'nothing leaves it', ...cutBy('out'), ...failedOver },
  {
    name: 'cut-short',
    about: 'it is cut off for less than its lease',
    ...cutBy('both'),
    until: lost,
    outcome: 'untouched',
  },
  {
    name: 'cut-moving',
    about: 'it is back while its servers are being started elsewhere',
    ...cutBy('both'),
    until: moving,
    outcome: 'moved',
  },
  {
    name: 'ssh',
    about: 'its sshd stands still',
    strike: (machine) => machine.stopSshd(),
    noticed: lost,
    ...failedOver,
    mend: (machine) => machine.contSshd(),
  },
  {
    name: 'disk',
    about: 'its disk is full',
    strike: (machine) => machine.fillDisk(),
    noticed: diskCritical,
    until: diskCritical,
    mend: (machine) => machine.freeDisk(),
    outcome: 'untouched',
  },
];

/** When Baton is killed in a scenario, to be started again at once. */
export const KILL_MOMENTS = ['struck', 'noticed', 'mended'] as const;
export type KillMoment = (typeof KILL_MOMENTS)[number];
