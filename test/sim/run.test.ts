import test from 'ava';
import { playAll } from '../../src/sim/campaign.ts';
import { DEFECTS } from '../../src/sim/defects/index.ts';
import { simulatedGames } from '../../src/sim/games.ts';
import { plant } from '../../src/sim/plant.ts';
import { createPlayers } from '../../src/sim/players.ts';
import { run } from '../../src/sim/run.ts';
import { scenarioOf } from '../../src/sim/settings.ts';

/** As many as fit into a few seconds; `npm run sim` plays thousands. */
const SEEDS = 5;

/** Defects that are found soon: the simulator is able to find something. */
const PLANTED = [
  'unprotected-redelivery',
  'ports-not-compared',
  'turn-not-journaled',
  'two-fit-functions',
  'watchdog-sleeps',
];

test.serial('no promise is broken, whatever goes wrong and whenever', async (t) => {
  const games = await simulatedGames();
  const transitions = new Set<string>();
  const faults = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const result = await run({ seed, games, scenario: scenarioOf(seed) });
    t.deepEqual(result.violations, [], `npm run sim -- --seed ${seed} --trace`);
    t.true(result.turns > 20 && result.faults.size > 0, `seed ${seed} does something`);
    for (const fault of result.faults.keys()) faults.add(fault);
    for (const transition of result.transitions) transitions.add(transition);
  }
  t.true(transitions.size > 60, `${transitions.size} transitions`);
  t.true(faults.size > 20, `${faults.size} kinds of fault`);
});

test.serial('the same seed is the same run, down to the last line, and another seed is another one', async (t) => {
  const games = await simulatedGames();
  const lines = async (seed: number): Promise<{ hash: string; text: string }> => {
    const heard: string[] = [];
    const { hash } = await run({ seed, games, scenario: scenarioOf(seed), onLine: (line) => heard.push(line) });
    return { hash, text: heard.join('') };
  };
  const [first, again, other] = [await lines(7), await lines(7), await lines(8)];
  t.is(first.text, again.text);
  t.is(first.hash, again.hash);
  t.not(first.hash, other.hash);
});

test.serial('a seed is the same run whatever was played before it, and however many threads play', async (t) => {
  const seeds = [21, 22, 23, 24];
  const hashes = async (threads: number): Promise<string[]> => {
    const players = createPlayers(threads);
    const heard: string[] = [];
    for await (const { seed, hash } of playAll(players, { first: 21, seeds: seeds.length }))
      heard.push(`${seed} ${hash}`);
    await players.close();
    return heard;
  };
  const games = await simulatedGames();
  const alone = async (seed: number) => `${seed} ${(await run({ seed, games, scenario: scenarioOf(seed) })).hash}`;
  const backwards: string[] = [];
  for (const seed of seeds.toReversed()) backwards.unshift(await alone(seed));
  t.deepEqual(await hashes(1), backwards);
  t.deepEqual(await hashes(3), backwards);
  t.is(new Set(backwards.map((line) => line.split(' ')[1])).size, seeds.length);
});

test.serial('what a defect breaks is found in the same seed however many threads look for it', async (t) => {
  const defects = DEFECTS.filter(({ name }) => PLANTED.includes(name));
  const rows = async (threads: number): Promise<unknown> => {
    const players = createPlayers(threads);
    const found = await plant({ defects, players, first: 1000, seeds: 8, trials: 1, say: () => undefined });
    await players.close();
    t.deepEqual(
      found.map(({ name }) => name),
      defects.map(({ name }) => name),
    );
    for (const { name, found: trials } of found) t.true(trials > 0, name);
    return found;
  };
  t.deepEqual(await rows(2), await rows(1));
});
