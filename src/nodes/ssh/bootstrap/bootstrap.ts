/**
 * Makes a node of a machine. Each step looks first whether it is already done, so doing it again goes on where it stopped,
 * and a machine that is a node stays one.
 */
import type { NodeLink, NodeTarget } from '../../../conductor/interfaces/link.ts';
import { BatonError } from '../../../errors.ts';
import { errors } from '../../errors.ts';
import { commands } from '../../helper/commands.ts';
import { openConnection } from '../connection.ts';
import { addressText } from '../explain.ts';
import { runHelper, uploadHelper } from '../helper.ts';
import { ensureDocker, reachDocker } from './docker.ts';
import { type Facts, readFacts } from './facts.ts';
import { installPackages, mayInstall } from './packages.ts';
import { type BootstrapOptions, type Setup, stoppedAt } from './setup.ts';

/**
 * @throws `bootstrap_failed`, whose sentence says what to do; what `openConnection` throws; transient errors when the
 *   machine stops answering
 */
export async function bootstrap(target: NodeTarget, options: BootstrapOptions): ReturnType<NodeLink['bootstrap']> {
  const { privateKey, limits, progress, signal } = options;
  const { ssh, hostKey: pin } = target;
  progress(`Connecting to ${ssh.user}@${addressText(ssh)}`);
  const connection = await openConnection({ address: ssh, privateKey, pin, limits, signal });
  try {
    progress(`${pin === null ? 'Pinned the host key' : 'The host key is the pinned one:'} ${connection.hostKey}`);
    return { hostKey: connection.hostKey, ...(await steps(target.nodeId, { ...options, connection })) };
  } finally {
    connection.close(errors.connection_lost({ address: addressText(ssh) }));
  }
}

async function steps(nodeId: string, setup: Setup) {
  const { connection, dockerHost, progress, signal } = setup;
  const facts = await readFacts(connection, dockerHost, signal);
  progress(`It is ${facts.name}`);
  checkMachine(facts, connection.user);
  await ensureDocker(facts, setup);
  await ensureRsync(facts, setup);
  if (!facts.restic) progress('restic is not installed: backups will need it');
  await reachDocker(setup);
  return installHelper(nodeId, setup);
}

/** What nobody but the machine's owner can change. */
function checkMachine({ system, name, rights, freezer }: Facts, user: string): void {
  const title = 'looking at the machine';
  if (system !== 'Linux') throw stoppedAt(title, `it runs ${name}`, 'Nodes have to run Linux.');
  if (rights === 'none') {
    const advice = `Add it as root, or let ${user} use sudo without a password: "${user} ALL=(ALL) NOPASSWD: ALL" in /etc/sudoers.d/baton.`;
    throw stoppedAt(title, `${user} is not root, and sudo asks for a password or is missing`, advice);
  }
  if (!freezer) {
    const advice =
      'Boot a kernel with cgroup v2 or with the freezer of v1; without it no server can be frozen when its lease ends.';
    throw stoppedAt(title, 'its kernel offers no cgroup freezer', advice);
  }
}

/** Servers run without it; moving them does not. */
async function ensureRsync(facts: Facts, setup: Setup): Promise<void> {
  if (facts.rsync) return;
  if (mayInstall(facts)) {
    setup.progress('Installing rsync');
    const complaint = await installPackages(['rsync'], setup);
    if (complaint === null) return;
    setup.progress(`rsync could not be installed: ${complaint}`);
  }
  setup.progress('rsync is not installed: moving servers will need it');
}

async function installHelper(nodeId: string, { connection, root, dockerHost, limits, progress, signal }: Setup) {
  const title = 'installing baton-node';
  const options = { signal, deadlineMs: limits.slowCommandMs };
  try {
    const isNew = await uploadHelper(connection, root, signal);
    progress(isNew ? `Brought baton-node to ${root}` : 'baton-node is there');
    const { by } = await runHelper(connection, root, commands.install(nodeId, dockerHost), options);
    progress(`The watchdog runs ${by === 'systemd' ? 'under systemd' : 'by itself'}`);
    const seen = await runHelper(connection, root, commands.observe(), options);
    const size = { ramMb: Math.floor(seen.memoryKb.total / 1024), cpus: seen.cpu.count };
    progress(`It has ${size.ramMb} MB of memory and ${size.cpus} cores`);
    return { bootId: seen.bootId, leaseEpoch: seen.leaseEpoch, ...size };
  } catch (thrown) {
    if (!(thrown instanceof BatonError) || thrown.retry === 'fenced' || signal.aborted) throw thrown;
    if (thrown.code === errors.disk_full.code || thrown.retry === 'permanent') {
      const advice = `Make room on the disk that holds ${root}, and see to it that it can be written; then bootstrap again.`;
      throw stoppedAt(title, thrown.message.replace(/\.$/, ''), advice);
    }
    throw thrown;
  }
}
