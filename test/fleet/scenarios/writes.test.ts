import test from 'ava';
import { longestGapMs, missing, overlapMs, parseWrites, type Write } from './writes.ts';

const [A, B] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];
const from = (copy: string, ...times: number[]): Write[] => times.map((atMs, index) => ({ copy, count: index, atMs }));

test('a line is read as it was written, and one that was torn is none', (t) => {
  t.deepEqual(parseWrites(`${A} 7 1500000000\n${A} 8 16\n${A} 9\n${A} 8 1600000000 x\n`), [
    { copy: A, count: 7, atMs: 1500 },
    { copy: A, count: 8, atMs: 0.000016 },
  ]);
});

test('copies that follow each other do not overlap', (t) => {
  t.is(overlapMs([...from(A, 100, 200, 300), ...from(B, 301, 400)]), 0);
  t.is(overlapMs(from(A, 1, 2)), 0);
  t.is(overlapMs([]), 0);
});

test('a copy that writes once after the next one began overlaps by that', (t) => {
  t.is(overlapMs([...from(A, 100, 200, 350), ...from(B, 310, 320, 400)]), 40);
});

test('a copy that comes and goes while another one writes overlaps by all of its time', (t) => {
  t.is(overlapMs([...from(A, 100, 900), ...from(B, 300, 400)]), 100);
});

test('a third copy is compared with all before it', (t) => {
  t.is(overlapMs([...from(A, 100, 900), ...from(B, 200, 210), ...from('cccccccccccc', 500, 950)]), 400);
});

test('the longest gap counts from the moment that is asked about, and includes the gap that it lies in', (t) => {
  const writes = from(A, 0, 1000, 1100, 1400);
  t.is(longestGapMs(writes), 1000);
  t.is(longestGapMs(writes, 500), 1000);
  t.is(longestGapMs(writes, 1050), 300);
});

test('a write that is not there any more is named', (t) => {
  const [first, second] = from(A, 1, 2);
  t.deepEqual(missing(from(A, 1, 2), first === undefined ? [] : [first]), second === undefined ? [] : [second]);
  t.deepEqual(missing(from(A, 1, 2), from(A, 1, 2, 3)), []);
});
