// The game in the test image. Listens on TCP 7000, hears commands on standard input, and ends with code 3 on SIGTERM
// (after a word of farewell), or not at all when STUBBORN is set. `config.ts` holds the same game for the simulated engine.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const say = (line) => process.stdout.write(`${line}\n`);
const read = (...paths) => {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {}
  }
  return 'unknown';
};
const commands = {
  exit: (code) => process.exit(Number(code)),
  say,
  warn: (text) => process.stderr.write(`${text}\n`),
  eat() {
    const eaten = [];
    for (;;) eaten.push(Buffer.alloc(1024 * 1024, 1));
  },
  status() {
    for (const line of read('/proc/self/status').split('\n')) if (/^(Cap|NoNewPrivs|Uid)/.test(line)) say(line);
    say(`memory ${read('/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes')}`);
    say(`swap ${read('/sys/fs/cgroup/memory.swap.max', '/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes')}`);
    say(`pids ${read('/sys/fs/cgroup/pids.max', '/sys/fs/cgroup/pids/pids.max')}`);
    say(`init ${read('/proc/1/comm')}`);
  },
};

process.on('SIGTERM', () => {
  if (process.env.STUBBORN) return say('I stay');
  say('bye');
  process.exit(3);
});
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...rest] = line.split(' ');
  commands[command]?.(rest.join(' '));
});
createServer((socket) => socket.end('hello\n')).listen(7000, () => say('ready'));
setInterval(() => {}, 60_000);
