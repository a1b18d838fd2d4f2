/** What a machine is and has, before anything of Baton is on it. */
import { z } from 'zod';
import type { SshConnection } from '../connection.ts';
import { runCommand } from '../run.ts';
import { stoppedAt } from './setup.ts';

const yes = z.enum(['yes', 'no']).transform((answer) => answer === 'yes');

const schema = z.object({
  system: z.string(),
  /** Its own name for itself, such as `Debian GNU/Linux 12 (bookworm)`. */
  name: z.string(),
  /** `ID` and `ID_LIKE` of /etc/os-release: a family of systems. */
  family: z.string(),
  /** How all rights are had: at once, by sudo without a password, or not at all. */
  rights: z.enum(['root', 'sudo', 'none']),
  systemd: yes,
  apt: yes,
  docker: yes,
  dockerAnswers: yes,
  iptables: yes,
  rsync: yes,
  restic: yes,
  freezer: yes,
});
export type Facts = z.output<typeof schema>;

const DEADLINE_MS = 30_000;

/** Prints `key=value` lines. Docker and the freezer are looked at as the helper does. */
const script = (dockerHost: string): string => `
  export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  if [ -r /etc/os-release ]; then . /etc/os-release; fi
  if [ "$(id -u)" = 0 ]; then rights=root sudo=
  elif sudo -n true 2>/dev/null; then rights=sudo sudo='sudo -n'
  else rights=none sudo=; fi
  test_of() { name=$1 && shift && if "$@" >/dev/null 2>&1; then echo "$name=yes"; else echo "$name=no"; fi; }
  has() { test_of "$1" command -v "$2"; }
  echo "system=$(uname -s)"
  echo "name=\${PRETTY_NAME:-$(uname -sr)}"
  echo "family=\${ID:-} \${ID_LIKE:-}"
  echo "rights=$rights"
  test_of systemd [ -d /run/systemd/system ]
  has apt apt-get
  has docker docker
  test_of dockerAnswers timeout 20 $sudo docker --host ${dockerHost} version
  has iptables iptables
  has rsync rsync
  has restic restic
  test_of freezer [ -e /sys/fs/cgroup/cgroup.controllers -o -d /sys/fs/cgroup/freezer ]
`;

/** Throws `bootstrap_failed` when the machine's shell is none that we know, and as `runCommand` does. */
export async function readFacts(connection: SshConnection, dockerHost: string, signal: AbortSignal): Promise<Facts> {
  const ran = await runCommand(connection, 'sh -s', {
    title: 'look around',
    input: script(dockerHost),
    deadlineMs: DEADLINE_MS,
    signal,
  });
  const lines = ran.stdout.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]);
  const read = schema.safeParse(Object.fromEntries(lines));
  if (read.success) return read.data;
  const reason = `its shell answered "${(ran.stdout || ran.stderr).trim().slice(0, 200)}"`;
  const advice = `Let ${connection.user} have a shell that runs "sh", without a forced command, then bootstrap again.`;
  throw stoppedAt('looking at the machine', reason, advice);
}
