import test from 'ava';
import { errors, isConnectionError, translated, translating } from '../../src/persistence/errors.ts';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });

test('what says that the connection is gone is a connection error', (t) => {
  for (const code of ['ECONNREFUSED', 'ENOENT', '08006', '08P01', '57P01', '57P03', '53300']) {
    t.true(isConnectionError(coded(code)), code);
  }
  for (const message of ['Connection terminated unexpectedly', 'timeout exceeded when trying to connect']) {
    t.true(isConnectionError(new Error(message)), message);
    t.true(isConnectionError(new Error('outer', { cause: new Error(message) })), message);
  }
  t.true(isConnectionError(new AggregateError([coded('EOTHER'), coded('ECONNREFUSED')])));
});

test('what a living database refuses is none', (t) => {
  for (const code of ['23505', '23503', '40001', '42601', '57014', '53100']) {
    t.false(isConnectionError(coded(code)), code);
  }
  t.false(isConnectionError(new Error('no such thing')));
  t.false(isConnectionError('ECONNREFUSED'));
});

test('loss and overload become `unavailable` with the reason; everything else stays what it is', (t) => {
  for (const code of ['ECONNRESET', '57P02', '57014', '53100', '53200', '25006', '58030']) {
    const error = coded(code, 'because');
    t.like(translated(error), { code: 'unavailable', status: 503, retry: 'transient', cause: error }, code);
    t.regex(String(translated(error)), /because/);
  }
  const nameless = new AggregateError([coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:5432')], '');
  t.regex(String(translated(nameless)), /connect ECONNREFUSED ::1:5432/);
  const violation = coded('23505');
  t.is(translated(violation), violation);
  const own = errors.no_ports({ from: 1, to: 2, name: 'game' });
  t.is(translated(own), own);
});

test('a call gives its result, or its error translated', async (t) => {
  t.is(await translating(async () => 1), 1);
  await t.throwsAsync(
    translating(() => Promise.reject(coded('EPIPE'))),
    { code: 'unavailable' },
  );
});
