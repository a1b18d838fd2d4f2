import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Reads } from '../conductor/interfaces/reads.ts';

/** A number that another room wants shown, under its whole name. */
export interface ExtraMetric {
  readonly name: string;
  readonly help: string;
  readonly value: number;
}

export interface Metrics {
  /** One answered request; the route is its pattern, so that the number of series stays bounded. */
  observe(method: string, route: string, status: number, seconds: number): void;
  live(connections: number): void;
  slowClient(): void;
  /** Everything, in the text format of Prometheus. Answers also when the database does not. */
  render(): Promise<string>;
}

/** The figures of `/metrics`. Event loop lag and memory come with the default metrics of prom-client. */
export function createMetrics(reads: Reads, extra: () => readonly ExtraMetric[]): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });

  const requests = new Histogram({
    name: 'baton_http_request_duration_seconds',
    help: 'From the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const slow = new Counter({
    name: 'baton_live_slow_clients_total',
    help: 'Live clients that were sent away because they did not keep up.',
    registers,
  });
  const live = gauge('baton_live_connections', 'Open live connections.');
  const up = gauge('baton_database_up', '1 while the database answers.');
  const servers = gauge('baton_servers', 'Servers by status.', ['status']);
  const operations = gauge('baton_operations', 'Operations by status.', ['status']);
  const totals = {
    deadLetters: gauge('baton_dead_letters', 'Messages whose handling failed too often.'),
    quarantined: gauge('baton_quarantined_actors', 'Actors that wait for an operator.'),
    timers: gauge('baton_timers', 'Timers that are set.'),
    effects: gauge('baton_effects', 'Effects that have not ended.'),
    messages: gauge('baton_messages', 'Messages between actors that wait for their receiver.'),
  };
  const extras = new Map<string, Gauge>();

  const readCounts = async () => {
    const counts = await reads.counts().catch(() => null);
    up.set(counts === null ? 0 : 1);
    servers.reset();
    operations.reset();
    if (counts === null) {
      // Without the database nothing is known; a number from before would be a lie.
      for (const total of Object.values(totals)) total.set(Number.NaN);
      return;
    }
    for (const [status, count] of Object.entries(counts.servers)) servers.set({ status }, count);
    for (const [status, count] of Object.entries(counts.operations)) operations.set({ status }, count);
    for (const [name, total] of Object.entries(totals)) total.set(counts[name as keyof typeof totals]);
  };

  return {
    observe: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
    live: (connections) => live.set(connections),
    slowClient: () => slow.inc(),
    async render() {
      await readCounts();
      for (const { name, help, value } of extra()) {
        const one = extras.get(name) ?? gauge(name, help);
        extras.set(name, one);
        one.set(value);
      }
      return register.metrics();
    },
  };
}
