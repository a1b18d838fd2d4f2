import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { HELPER_HASH, HELPER_SCRIPT } from '../../src/nodes/helper/script.ts';

const path = fileURLToPath(new URL('../../src/nodes/helper/baton-node', import.meta.url));

test('shellcheck finds nothing in the script', (t) => {
  t.notThrows(() => execFileSync('shellcheck', ['--shell=sh', path], { encoding: 'utf8' }));
});

test('the script stays small enough to be read whole', (t) => {
  t.true(HELPER_SCRIPT.split('\n').length - 1 < 300);
});

test('its hash is the one that a node computes', (t) => {
  t.is(HELPER_HASH, execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64));
});
