/** The short form of the crash suite: it comes past a quarter of the named points, `npm run crash` past all of them. */
import test, { type ExecutionContext } from 'ava';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import { createGames } from '../../src/games/index.ts';
import { createDockerEngine, detectDocker } from '../../src/nodes/index.ts';
import { CACHE_DIR } from '../games/helpers/targets.ts';
import { FAULTS_A_RUN } from './deaths.ts';
import { pointsOf } from './points.ts';
import { counts, crashSuite, runLine, type Summary } from './suite.ts';

/** Some points are passed only in the right state, so that a short run may miss them: so many of ten must be reached. */
const REACHED = 0.8;

async function play(t: ExecutionContext, engine: EngineKind, runs: number): Promise<Summary> {
  const found: string[] = [];
  const stop = new AbortController();
  t.teardown(() => stop.abort(new Error('The test is over.')));
  const summary = await crashSuite({
    engine,
    runs,
    seed: 1,
    parallel: 2,
    keep: false,
    bail: true,
    signal: stop.signal,
    onRun(report) {
      if (report.violations.length > 0) found.push(runLine(report), ...report.violations);
    },
  });
  t.log(counts(summary));
  t.deepEqual(found, []);
  return summary;
}

test('killed at named points and at random, Baton puts everything in order again', async (t) => {
  t.timeout(300_000);
  const runs = Math.ceil(pointsOf('simulated').length / FAULTS_A_RUN / 4);
  const { kills, points } = await play(t, 'simulated', runs);
  t.true(points.reached >= REACHED * FAULTS_A_RUN * runs, `not reached: ${points.missed.join(', ')}`);
  t.true(kills.from_outside > 0);
});

test('with real containers as well', async (t) => {
  const docker = await detectDocker();
  if (!docker.available) {
    t.log(`not without Docker: ${docker.reason}`);
    return t.pass();
  }
  t.timeout(300_000);
  const games = await createGames({ cacheDir: CACHE_DIR });
  const engine = createDockerEngine({ nodeId: `crash-test-${process.pid}` });
  await games.buildImage(games.template('flying-squid'), engine, (line) => t.log(line), AbortSignal.timeout(200_000));
  const { kills } = await play(t, 'docker', 1);
  t.true(kills.at_points + kills.from_outside > 0);
});
