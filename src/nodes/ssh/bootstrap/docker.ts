/** The step that sees to it that Docker is there, runs, and is reached. */
import { BatonError } from '../../../errors.ts';
import { call, connect } from '../../docker/client.ts';
import { errors } from '../../errors.ts';
import { createDockerAgent } from '../docker-agent.ts';
import { asRoot, runCommand } from '../run.ts';
import type { Facts } from './facts.ts';
import { installPackages, mayInstall } from './packages.ts';
import { type Setup, stoppedAt } from './setup.ts';

/** Debian's packages; without iptables Docker does not start. */
const PACKAGES = ['docker.io', 'iptables'];
/** Its first start makes networks and storage. */
const START_MS = 90_000;
const TEST_MS = 10_000;
const REFUSALS: ReadonlySet<string> = new Set([errors.forwarding_forbidden.code, errors.engine_unavailable.code]);

export async function ensureDocker(facts: Facts, setup: Setup): Promise<void> {
  if (facts.dockerAnswers) return;
  if (!facts.docker) await install(facts, setup);
  await start(facts, setup);
}

async function install(facts: Facts, setup: Setup): Promise<void> {
  const title = 'installing Docker';
  if (!mayInstall(facts)) {
    const advice = 'Install Docker Engine on it (https://docs.docker.com/engine/install/), then bootstrap again.';
    throw stoppedAt(
      title,
      `it has no Docker, and Baton installs it on Debian and Ubuntu only, not on ${facts.name}`,
      advice,
    );
  }
  setup.progress(`Installing ${PACKAGES.join(' and ')}`);
  const complaint = await installPackages(PACKAGES, setup);
  if (complaint === null) return;
  const advice = `Run "apt-get install ${PACKAGES.join(' ')}" on it to see why, then bootstrap again.`;
  throw stoppedAt(title, `apt-get says "${complaint}"`, advice);
}

async function start({ systemd }: Facts, { connection, dockerHost, progress, signal }: Setup): Promise<void> {
  progress('Starting Docker');
  const begin = systemd ? 'systemctl enable --now docker' : 'service docker start';
  const wait = `until docker --host ${dockerHost} version; do sleep 0.5; done`;
  const script = `{ ${begin} && timeout 60 sh -c "${wait}"; } >&2`;
  const ran = await runCommand(connection, asRoot(connection.user, `sh -c '${script}'`), {
    title: 'start Docker',
    deadlineMs: START_MS,
    signal,
  });
  if (ran.code === 0) return;
  const advice = `Look why with "${systemd ? 'journalctl -u docker' : 'tail /var/log/docker.log'}", start it, then bootstrap again.`;
  throw stoppedAt('starting Docker', `it is installed but does not answer at ${dockerHost}`, advice);
}

/** Asks Docker a question in the way in which it will be asked from now on. */
export async function reachDocker({ connection, dockerSocket, signal }: Setup): Promise<void> {
  const title = 'reaching Docker over SSH';
  const { user } = connection;
  const agent = createDockerAgent(() => connection.dialSocket(dockerSocket));
  try {
    await call('version', () => connect(agent).version(), { signal });
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || !REFUSALS.has(thrown.code)) throw thrown;
    // sshd does not say whether it may not or cannot.
    const may = await runCommand(connection, `test -w ${dockerSocket}`, { title: 'test', deadlineMs: TEST_MS, signal });
    if (may.code !== 0) {
      const advice = `Let ${user} use Docker ("usermod -aG docker ${user}"), then bootstrap again.`;
      throw stoppedAt(title, `${user} may not connect to ${dockerSocket}`, advice);
    }
    const advice =
      'Set "AllowStreamLocalForwarding yes" and "AllowTcpForwarding yes" in /etc/ssh/sshd_config, reload sshd, then bootstrap again.';
    throw stoppedAt(title, `sshd forbids forwarding to ${dockerSocket}`, advice);
  } finally {
    agent.destroy();
  }
}
