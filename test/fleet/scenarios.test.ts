/** The short form of the scenarios: one of them. `npm run scenarios -- --kill` plays all, each also with Baton killed in it. */
import test from 'ava';
import { SCENARIOS } from './scenarios/scenarios.ts';
import { playAll } from './scenarios/suite.ts';

test('a machine is cut off: its servers run elsewhere or wait, none twice, and all is in order again', async (t) => {
  t.timeout(300_000);
  const scenario = SCENARIOS.find(({ name }) => name === 'cut');
  if (scenario === undefined) throw new Error('there is no such scenario');
  const { reports, end } = await playAll({
    plays: [{ scenario, kill: null }],
    nodes: 3,
    serversEach: 1,
    diskMb: 2_000,
    say: (line) => t.log(line),
    signal: new AbortController().signal,
    onReport: ({ figures }) => t.log(JSON.stringify(figures)),
  });
  t.is(end, null);
  t.deepEqual(
    reports.map(({ violations }) => violations),
    [[]],
  );
  t.true((reports[0]?.figures.running_ms ?? 0) > 0);
});
