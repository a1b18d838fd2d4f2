/** Docker's words for a container turned into Baton's, and Baton's wishes into Docker's. Pure. */
import type Docker from 'dockerode';
import type { ContainerInfo, ContainerSpec, ContainerState } from '../../conductor/interfaces/engine.ts';
import { containerName, identityOf, labelsOf } from './labels.ts';

/** Ten files of ten megabytes at most would still be a gigabyte on a node of ten servers; three are enough to look back. */
const LOG_ROTATION = { 'max-size': '10m', 'max-file': '3' };

const MIB = 1024 * 1024;

/**
 * What Docker is asked to make. Games run strangers' plugins, so every container is held tight: no new privileges, no capability but the
 * template's, limits for memory (without swap), CPU and processes, an own network, rotated logs, never restarted by
 * Docker. A small init reaps zombies and passes signals on, for games whose start scripts do neither.
 */
export function createOptions(spec: ContainerSpec, networkId: string): Docker.ContainerCreateOptions {
  const portKeyOf = (port: ContainerSpec['ports'][number]) => `${port.container}/${port.protocol}`;
  return {
    name: containerName(spec.serverId, spec.epoch),
    Image: spec.image,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(spec),
    User: spec.user,
    StopSignal: spec.stopSignal,
    OpenStdin: spec.stdin,
    Tty: false,
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [portKeyOf(port), {}])),
    HostConfig: {
      RestartPolicy: { Name: 'no' },
      Init: true,
      NetworkMode: networkId,
      PortBindings: Object.fromEntries(
        spec.ports.map((port) => [portKeyOf(port), [{ HostIp: spec.publishAddress, HostPort: String(port.host) }]]),
      ),
      // A mount, not a bind: Docker refuses one whose source is missing instead of making an empty world there.
      Mounts: [{ Type: 'bind', Source: spec.dataDir, Target: spec.dataPath, ReadOnly: false }],
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: [...spec.capabilities],
      PidsLimit: spec.pidsLimit,
      Memory: spec.ramMb * MIB,
      MemorySwap: spec.ramMb * MIB,
      ...(spec.cpu > 0 ? { NanoCpus: Math.round(spec.cpu * 1e9) } : {}),
      LogConfig: { Type: 'json-file', Config: LOG_ROTATION },
    },
  };
}

/** Null for a container that does not carry Baton's labels. */
export function containerInfo(inspected: Docker.ContainerInspectInfo): ContainerInfo | null {
  const identity = identityOf(inspected.Config.Labels);
  if (identity === null) return null;
  const { State } = inspected;
  const state = stateOf(State.Status);
  return {
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ''),
    ...identity,
    image: inspected.Config.Image,
    state,
    exitCode: state === 'exited' ? State.ExitCode : null,
    oomKilled: state === 'exited' && State.OOMKilled,
    startedAt: timeOf(State.StartedAt),
    finishedAt: state === 'exited' ? timeOf(State.FinishedAt) : null,
    address: state === 'running' ? addressOf(inspected) : null,
  };
}

/** `dead` is one whose removal has failed: nothing runs in it any more. */
function stateOf(status: string): ContainerState {
  if (status === 'created' || status === 'paused') return status;
  return status === 'running' || status === 'restarting' ? 'running' : 'exited';
}

/** Docker writes the year 1 for "never". */
function timeOf(text: string): number | null {
  const time = Date.parse(text);
  return time > 0 ? time : null;
}

const addressOf = (inspected: Docker.ContainerInspectInfo): string | null =>
  Object.values(inspected.NetworkSettings.Networks).find((network) => network.IPAddress !== '')?.IPAddress ?? null;
