import test from 'ava';
import { createHomes } from '../../../src/conductor/fleet/homes.ts';

const room = (epoch: number) => ({ ramMb: 1024, cpuMilli: 0, diskMb: 0, ports: 1, epoch, startsUntil: null });

test('a server that fails over is at home where its newer room is, and back at the older one when that is gone', (t) => {
  const homes = createHomes();
  const [old, newer] = [{ a: room(1), b: room(1) }, { a: room(2) }];
  homes.note('n1', {}, old);
  homes.note('n2', {}, newer);
  t.deepEqual(homes.newest('a'), { nodeId: 'n2', epoch: 2 });
  homes.note('n1', old, { ...old });
  t.deepEqual(homes.newest('a'), { nodeId: 'n2', epoch: 2 }, 'a turn of the old node changes nothing');
  homes.note('n2', newer, {});
  t.deepEqual(homes.newest('a'), { nodeId: 'n1', epoch: 1 });
  homes.note('n1', old, {});
  t.is(homes.newest('a'), undefined);
  t.is(homes.newest('b'), undefined);
});
