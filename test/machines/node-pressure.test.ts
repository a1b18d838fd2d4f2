import test from 'ava';
import { beat, connected, how, reserve } from './node-stations.ts';

test('a disk over 90 % cordons, until it is below 85 %', (t) => {
  const node = connected();
  beat(node, { disk: 0.9 });
  t.is(how(node), 'ready healthy calm');
  beat(node, { disk: 0.901 });
  t.is(how(node), 'cordoned healthy high');
  t.is(reserve(node, 'a').reason, 'n1 is short of disk.');
  beat(node, { disk: 0.85 });
  t.is(how(node), 'cordoned healthy high');
  beat(node, { disk: 0.849 });
  t.is(how(node), 'ready healthy calm');
  t.true(reserve(node, 'a').placed);
});

test('memory and CPU have limits of their own', (t) => {
  const node = connected();
  beat(node, { memory: 0.96, cpu: 0.96 });
  t.deepEqual(node.context.pressure, { disk: 'calm', memory: 'high', cpu: 'high', engine: 'calm' });
  beat(node, { memory: 0.89, cpu: 0.81 });
  t.deepEqual(node.context.pressure, { disk: 'calm', memory: 'calm', cpu: 'high', engine: 'calm' });
  t.is(reserve(node, 'a').reason, 'n1 is short of cpu.');
  beat(node, { memory: 0.92, cpu: 0.79 });
  t.is(how(node), 'ready healthy calm');
});

test('an engine that does not answer keeps servers off, until it does', (t) => {
  const node = connected();
  beat(node, { engineSilent: true });
  t.is(how(node), 'cordoned healthy high');
  t.is(reserve(node, 'a').reason, 'The container engine of n1 does not answer.');
  beat(node);
  t.is(how(node), 'ready healthy calm');
});

test('a disk over 95 % is cleaned, again and again, until it is no longer critical', (t) => {
  const node = connected();
  beat(node, { disk: 0.96 });
  t.is(how(node), 'cordoned healthy critical');
  t.true(node.effects.has('cleanDisk'));
  node.done('cleanDisk', { freedBytes: 0 });
  node.ring('cleanAgain');
  t.true(node.effects.has('cleanDisk'));
  beat(node, { disk: 0.92 });
  t.is(how(node), 'cordoned healthy critical', 'it must not swing');
  node.ring('cleaningDeadline');
  beat(node, { disk: 0.9 });
  t.is(how(node), 'cordoned healthy high');
  t.deepEqual(node.delays(), []);
  beat(node, { disk: 0.96 });
  beat(node, { disk: 0.1 });
  t.is(how(node), 'ready healthy calm');
});

test('what pressure cordoned, an operator cannot lift; what an operator cordoned, pressure does not lift', (t) => {
  const node = connected();
  beat(node, { disk: 0.92 });
  t.is(node.command('uncordon'), null);
  node.command('cordon');
  beat(node, { disk: 0.1 });
  t.is(how(node), 'cordoned healthy calm');
  beat(node, { disk: 0.92 });
  node.command('uncordon');
  t.is(how(node), 'cordoned healthy high', 'the disk is still full');
  beat(node, { disk: 0.1 });
  t.is(how(node), 'ready healthy calm');
});

test('pressure does not bring a node back that is drained', (t) => {
  const node = connected();
  node.command('drain');
  beat(node, { disk: 0.92 });
  beat(node, { disk: 0.1 });
  t.is(how(node), 'draining healthy calm');
  beat(node, { disk: 0.92 });
  node.command('undrain');
  t.is(how(node), 'cordoned healthy high');
});
