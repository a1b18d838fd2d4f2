import test from 'ava';
import { DEFECTS } from '../../src/sim/defects/index.ts';
import { simulatedGames } from '../../src/sim/games.ts';
import { plant } from '../../src/sim/plant.ts';
import { run } from '../../src/sim/run.ts';
import { SCENARIO } from '../../src/sim/settings.ts';

/** As many as fit into a few seconds; `npm run sim` plays thousands. */
const SEEDS = 8;

test.serial('no promise is broken, whatever goes wrong and whenever', async (t) => {
  const games = await simulatedGames();
  const transitions = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const result = await run({ seed, games, scenario: SCENARIO });
    t.deepEqual(result.violations, [], `npm run sim -- --seed ${seed} --trace`);
    t.true(result.turns > 20 && result.faults.size > 3, `seed ${seed} does something`);
    for (const transition of result.transitions) transitions.add(transition);
  }
  t.true(transitions.size > 60, `${transitions.size} transitions`);
});

test.serial('the same seed is the same run, down to the last line, and another seed is another one', async (t) => {
  const games = await simulatedGames();
  const lines = async (seed: number): Promise<{ hash: string; text: string }> => {
    const heard: string[] = [];
    const { hash } = await run({ seed, games, scenario: SCENARIO, onLine: (line) => heard.push(line) });
    return { hash, text: heard.join('') };
  };
  const [first, again, other] = [await lines(7), await lines(7), await lines(8)];
  t.is(first.text, again.text);
  t.is(first.hash, again.hash);
  t.not(first.hash, other.hash);
});

for (const name of ['unprotected-redelivery', 'ports-not-compared', 'turn-not-journaled']) {
  test.serial(`a planted defect is found: ${name}`, async (t) => {
    const games = await simulatedGames();
    const [found] = await plant({
      defects: DEFECTS.filter((defect) => defect.name === name),
      games,
      first: 1000,
      seeds: 4,
      trials: 1,
      say: () => undefined,
    });
    t.is(found?.found, 1);
  });
}
