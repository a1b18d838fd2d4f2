import test, { type ExecutionContext } from 'ava';
import { errors } from '../../src/nodes/errors.ts';
import { SSH_LIMITS } from '../../src/nodes/limits.ts';
import { createCircuit } from '../../src/nodes/ssh/circuit.ts';
import { eventually } from './helpers/waiting.ts';

const silent = () => Promise.reject(errors.command_timeout({ command: 'x', seconds: 1 }));
const refused = () => Promise.reject(errors.stale_epoch({ reason: 'x' }));
const answer = () => Promise.resolve('here');

function circuitOf(openMs: number) {
  let opened = 0;
  const limits = { ...SSH_LIMITS, circuitFailures: 3, circuitOpenMs: [openMs] };
  const circuit = createCircuit(limits, () => {
    opened += 1;
  });
  return { circuit, opened: () => opened };
}

async function open(t: ExecutionContext, { circuit }: ReturnType<typeof circuitOf>): Promise<void> {
  for (let calls = 0; calls < 3; calls++) await t.throwsAsync(circuit.run(silent), { code: 'command_timeout' });
}

test('silence in a row opens it, and then nothing is asked', async (t) => {
  const it = circuitOf(60_000);
  await open(t, it);
  t.is(it.opened(), 1);
  let asked = false;
  const ask = async () => {
    asked = true;
  };
  await t.throwsAsync(it.circuit.run(ask), { code: 'node_unreachable' });
  t.false(asked);
});

test('an answer between silences starts the count anew, and so does no refusal', async (t) => {
  const { circuit, opened } = circuitOf(60_000);
  await t.throwsAsync(circuit.run(silent));
  await t.throwsAsync(circuit.run(silent));
  t.is(await circuit.run(answer), 'here');
  for (let calls = 0; calls < 10; calls++) await t.throwsAsync(circuit.run(refused), { code: 'stale_epoch' });
  await t.throwsAsync(circuit.run(silent));
  await t.throwsAsync(circuit.run(silent));
  t.is(opened(), 0);
});

test("a caller's own deadline is silence, that he has lost interest is not", async (t) => {
  const { circuit, opened } = circuitOf(60_000);
  const bored = () => Promise.reject(AbortSignal.abort().reason);
  for (let calls = 0; calls < 5; calls++) await t.throwsAsync(circuit.run(bored), { name: 'AbortError' });
  t.is(opened(), 0);
  const late = AbortSignal.timeout(1);
  const reason = await eventually('it is late', () => (late.aborted ? (late.reason as Error) : null));
  for (let calls = 0; calls < 3; calls++) {
    await t.throwsAsync(
      circuit.run(() => Promise.reject(reason)),
      { name: 'TimeoutError' },
    );
  }
  t.is(opened(), 1);
});

test('when its time has come one is let through, and its answer closes the circuit', async (t) => {
  const it = circuitOf(20);
  await open(t, it);
  t.is(await eventually('it closes', () => it.circuit.run(answer).catch(() => null)), 'here');
  t.is(await it.circuit.run(answer), 'here', 'for all others');
});

test.serial('a wall clock that is set back keeps no circuit open', async (t) => {
  const it = circuitOf(20);
  await open(t, it);
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  Date.now = () => now() - 3_600_000;
  t.is(await eventually('it closes', () => it.circuit.run(answer).catch(() => null)), 'here');
});
