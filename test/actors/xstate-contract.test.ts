import { readFile } from 'node:fs/promises';
import test from 'ava';
import {
  type AnyMachineSnapshot,
  assign,
  cancel,
  emit,
  log,
  type MachineConfig,
  raise,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate';
import { effect } from '../../src/actors/effect.ts';
import type { ActorEvent } from '../../src/actors/types.ts';
import {
  createInterpreter,
  effectDone,
  effectFailed,
  type Intent,
  type Interpreter,
  isReserved,
  readableEvent,
} from '../../src/actors/xstate.ts';

const ADDRESS = 'machine/1';

const base = setup({
  types: {} as { events: ActorEvent; context: Record<string, unknown>; input: Record<string, unknown> },
  actors: { work: effect<{ size: number }, { made: number }>() },
  actions: { tell: (_, _params: { to: string; event: ActorEvent }) => {}, unknown: () => {} },
  delays: { patience: ({ context }) => Number(context.patience ?? 1_000) },
});

type Config = Parameters<typeof base.createMachine>[0];

/** A machine in its first state. */
function started(config: Config, input: Record<string, unknown> = {}, microsteps = 100) {
  const interpreter = createInterpreter(base.createMachine({ id: 'machine', version: '1', ...config }), microsteps);
  const { snapshot, intents } = interpreter.initial(ADDRESS, input);
  return { interpreter, snapshot, intents };
}

/** What an event makes a machine ask for. */
function intentsOf(config: Config, ...types: (string | ActorEvent)[]): readonly Intent[] {
  const { interpreter, snapshot } = started(config);
  return stepped(interpreter, snapshot, ...types).intents;
}

function stepped(interpreter: Interpreter, from: AnyMachineSnapshot, ...types: (string | ActorEvent)[]) {
  let step = { snapshot: from, intents: [] as readonly Intent[], ended: false };
  for (const type of types) {
    const event = typeof type === 'string' ? { type } : type;
    const next = interpreter.next(ADDRESS, step.snapshot, event);
    if (next === null) throw new Error(`${event.type} was not taken`);
    step = { ...next };
  }
  return step;
}

/** As it comes back from the database. */
const reread = (interpreter: Interpreter, snapshot: AnyMachineSnapshot): AnyMachineSnapshot =>
  interpreter.restore(ADDRESS, JSON.parse(JSON.stringify(interpreter.persist(snapshot))));

const working: Config = {
  context: {},
  initial: 'idle',
  states: {
    idle: { on: { work: 'working' } },
    working: {
      after: { patience: 'idle' },
      invoke: {
        id: 'job',
        src: 'work',
        input: { size: 3 },
        onDone: { target: 'idle', actions: assign({ made: ({ event }) => event.output.made }) },
        onError: { target: 'idle', actions: assign({ error: ({ event }) => event.error }) },
      },
      on: {
        again: { target: 'working', reenter: true },
        leave: 'idle',
        finish: 'finished',
        note: { actions: assign({ noted: true }) },
      },
    },
    finished: { type: 'final' },
  },
};

test('XState is the version that this file was checked against', async (t) => {
  const installed = JSON.parse(
    await readFile(new URL('../../node_modules/xstate/package.json', import.meta.url), 'utf8'),
  );
  const ours = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  t.is(installed.version, '5.33.3');
  t.is(ours.dependencies.xstate, '5.33.3');
});

test('An event raised without delay is consumed within the step', (t) => {
  const config: Config = {
    context: {},
    initial: 'one',
    states: { one: { on: { go: { actions: raise({ type: 'on' }) }, on: 'two' } }, two: {} },
  };
  const { interpreter, snapshot } = started(config);
  const step = stepped(interpreter, snapshot, 'go');
  t.is(step.snapshot.value, 'two');
  t.deepEqual(step.intents, []);
});

test('An event raised with a delay is a timer under its id, else under the event’s type; a delay of 0 is still one', (t) => {
  const event = { type: 'ring', loud: true };
  const raising = (options: { delay: number; id?: string }): Config => ({
    context: {},
    on: { go: { actions: raise(event, options) } },
  });
  t.deepEqual(intentsOf(raising({ delay: 50, id: 'bell' }), 'go'), [
    { type: 'timer.set', id: 'bell', delayMs: 50, event },
  ]);
  t.deepEqual(intentsOf(raising({ delay: 0 }), 'go'), [{ type: 'timer.set', id: 'ring', delayMs: 0, event }]);
});

test('Cancelling cancels the timer of that id', (t) => {
  t.deepEqual(intentsOf({ context: {}, on: { go: { actions: cancel('bell') } } }, 'go'), [
    { type: 'timer.cancel', id: 'bell' },
  ]);
});

test('A state with a named delay sets a timer whose id is its event’s type, with the delay as a number', (t) => {
  const { interpreter, snapshot } = started({ ...working, context: { patience: 70 } });
  const id = 'xstate.after.patience.machine.working';
  t.deepEqual(stepped(interpreter, snapshot, 'work').intents[0], {
    type: 'timer.set',
    id,
    delayMs: 70,
    event: { type: id },
  });
});

test('Leaving such a state cancels its timer, also when the timer itself made it leave', (t) => {
  const id = 'xstate.after.patience.machine.working';
  for (const way of ['leave', id]) {
    t.true(intentsOf(working, 'work', way).some((intent) => intent.type === 'timer.cancel' && intent.id === id));
  }
});

test('Invoking starts an effect under the invocation’s id; leaving the state stops it', (t) => {
  t.deepEqual(intentsOf(working, 'work')[1], {
    type: 'effect.start',
    childId: 'job',
    name: 'work',
    input: { size: 3 },
  });
  t.deepEqual(
    intentsOf(working, 'work', 'leave').filter(({ type }) => type === 'effect.stop'),
    [{ type: 'effect.stop', childId: 'job' }],
  );
});

test('A re-entered state is left before it is entered', (t) => {
  t.deepEqual(
    intentsOf(working, 'work', 'again').map(({ type }) => type),
    ['timer.cancel', 'effect.stop', 'timer.set', 'effect.start'],
  );
});

test('A spawned child is named by its reference, even when its id is computed; stopping it is told by reference', (t) => {
  const config: Config = {
    context: {},
    on: {
      go: {
        actions: spawnChild('work', {
          id: ({ event }: { event: ActorEvent }) => `job-${event.number}`,
          input: { size: 1 },
        } as never),
      },
      end: { actions: stopChild('job-7') },
    },
  };
  const go = { type: 'go', number: 7 };
  t.deepEqual(intentsOf(config, go), [{ type: 'effect.start', childId: 'job-7', name: 'work', input: { size: 1 } }]);
  t.deepEqual(intentsOf(config, go, 'end'), [{ type: 'effect.stop', childId: 'job-7' }]);
});

test('Stopping a child that is not there asks for nothing', (t) => {
  t.deepEqual(intentsOf({ context: {}, on: { end: { actions: stopChild('job') } } }, 'end'), []);
});

test('A child that is spawned inside of assign is refused, because XState tells nobody about it', (t) => {
  const config: Config = {
    context: {},
    on: { go: { actions: assign({ job: ({ spawn }) => spawn('work', { id: 'job', input: { size: 1 } }) }) } },
  };
  t.throws(() => intentsOf(config, 'go'), { message: /spawns "job" inside of assign/ });
});

test('Sending to another actor is a message to its address; a delayed one is refused', (t) => {
  const sending = (options?: { delay: number }): Config => ({
    context: {},
    on: { go: { actions: sendTo(({ system }) => system.get('node/7'), { type: 'hello' }, options) } },
  });
  t.deepEqual(intentsOf(sending(), 'go'), [{ type: 'tell', to: 'node/7', event: { type: 'hello' } }]);
  t.throws(() => intentsOf(sending({ delay: 5 }), 'go'), { message: /not durable/ });
});

test('Emitting is told, logging is not, a verb comes with its parameters, an unknown action is refused', (t) => {
  const event = { type: 'shown', to: 'all' };
  t.deepEqual(intentsOf({ context: {}, on: { go: { actions: [log('x'), emit(event)] } } }, 'go'), [
    { type: 'emit', event },
  ]);
  const tell = { to: 'node/7', event: { type: 'hello' } };
  t.deepEqual(intentsOf({ context: {}, on: { go: { actions: { type: 'tell', params: tell } } } }, 'go'), [
    { type: 'tell', ...tell },
  ]);
  t.throws(() => intentsOf({ context: {}, on: { go: { actions: 'unknown' } } }, 'go'), { message: /does not know/ });
});

test('An effect’s result is taken by onDone with its output, its error by onError', (t) => {
  const { interpreter, snapshot } = started(working);
  const done = stepped(interpreter, snapshot, 'work', effectDone('job', { made: 9 }));
  t.is(done.snapshot.value, 'idle');
  t.is(done.snapshot.context.made, 9);
  const error = { code: 'damp', message: 'It is damp.', retry: 'permanent' } as const;
  const failed = stepped(interpreter, snapshot, 'work', effectFailed('job', error));
  t.is(failed.snapshot.value, 'idle');
  t.deepEqual(failed.snapshot.context.error, error);
});

test('An effect’s error that no state takes is thrown', (t) => {
  const config: Config = { context: {}, invoke: { id: 'job', src: 'work', input: { size: 1 } } };
  const error = { code: 'damp', message: 'It is damp.', retry: 'permanent' } as const;
  const { interpreter, snapshot } = started(config);
  const thrown = t.throws(() => interpreter.next(ADDRESS, snapshot, effectFailed('job', error)), { any: true });
  t.is(thrown as unknown, error);
});

test('A machine that reaches its end says so, stops its effects and takes nothing more', (t) => {
  const { interpreter, snapshot } = started(working);
  const step = stepped(interpreter, snapshot, 'work', 'finish');
  t.true(step.ended);
  t.is(step.intents.filter(({ type }) => type === 'effect.stop').length, 1);
  t.is(interpreter.next(ADDRESS, step.snapshot, { type: 'work' }), null);
  t.is(reread(interpreter, step.snapshot).status, 'done');
});

test('Effects of a state that was left by ending stop, wherever they were invoked', (t) => {
  const config: Config = {
    context: {},
    type: 'parallel',
    states: {
      one: { initial: 'on', states: { on: { on: { end: 'off' } }, off: { type: 'final' } } },
      two: {
        invoke: { id: 'job', src: 'work', input: { size: 1 } },
        initial: 'off',
        states: { off: { type: 'final' } },
      },
    },
  };
  const { interpreter, snapshot, intents } = started(config);
  t.is(intents[0]?.type, 'effect.start');
  const step = stepped(interpreter, snapshot, 'end');
  t.true(step.ended);
  t.deepEqual(
    step.intents.filter(({ type }) => type === 'effect.stop'),
    [{ type: 'effect.stop', childId: 'job' }],
  );
});

test('A guard or an assign that throws, throws out of the step', (t) => {
  const explode = () => {
    throw new Error('boom');
  };
  t.throws(() => intentsOf({ context: {}, on: { go: { guard: explode, actions: log('x') } } }, 'go'), {
    message: /boom/,
  });
  t.throws(() => intentsOf({ context: {}, on: { go: { actions: assign(explode) } } }, 'go'), { message: 'boom' });
  t.throws(() => started({ context: explode }), { message: 'boom' });
});

test('A machine that runs in a circle is stopped after so many steps', (t) => {
  const config: Config = {
    context: {},
    initial: 'off',
    states: { off: { on: { spin: 'left' } }, left: { always: 'right' }, right: { always: 'left' } },
  };
  t.throws(() => intentsOf(config, 'spin'), { message: /more than 100 microsteps/ });
});

test('The stored form is plain JSON, keeps the children, and goes on where it was', (t) => {
  const { interpreter, snapshot } = started(working);
  const before = stepped(interpreter, snapshot, 'work').snapshot;
  const persisted = interpreter.persist(before);
  t.deepEqual(JSON.parse(JSON.stringify(persisted)).children.job.snapshot.input, { size: 3 });
  const restored = reread(interpreter, before);
  t.deepEqual(JSON.stringify(interpreter.persist(restored)), JSON.stringify(persisted));
  t.deepEqual(stepped(interpreter, restored, 'leave').intents.at(-1), { type: 'effect.stop', childId: 'job' });
  t.is(stepped(interpreter, restored, effectDone('job', { made: 1 })).snapshot.context.made, 1);
});

test('A stored state that the machine no longer has is refused', (t) => {
  const { interpreter, snapshot } = started(working);
  const stored = interpreter.persist(snapshot) as Record<string, unknown>;
  t.throws(() => interpreter.restore(ADDRESS, { ...stored, value: 'dreaming' }), { message: /dreaming/ });
});

test('An event that the state does not take is told apart from one that changes nothing visible', (t) => {
  const { interpreter, snapshot } = started(working);
  t.is(interpreter.next(ADDRESS, snapshot, { type: 'nonsense' }), null);
  t.is(interpreter.next(ADDRESS, snapshot, { type: 'leave' }), null);
  const at = stepped(interpreter, snapshot, 'work', 'note').snapshot;
  t.not(interpreter.next(ADDRESS, at, { type: 'note' }), null);
});

test('The first state is made once, with the input', (t) => {
  const inputs: unknown[] = [];
  const context: MachineConfig<Record<string, unknown>, ActorEvent>['context'] = ({ input }) => {
    inputs.push(input);
    return {};
  };
  started({ context } as Config, { name: 'one' });
  t.deepEqual(inputs, [{ name: 'one' }]);
});

test('XState’s own event names are reserved, and readable in the journal', (t) => {
  const error = { code: 'x', message: 'x', retry: 'permanent' } as const;
  for (const type of [
    effectDone('job', 1).type,
    effectFailed('job', error).type,
    'xstate.init',
    'xstate.stop',
    '*',
    '',
  ]) {
    t.true(isReserved(type), type);
  }
  t.false(isReserved('start'));
  t.is(readableEvent(effectDone('job', 1).type), 'job done');
  t.is(readableEvent(effectFailed('job', error).type), 'job failed');
  t.is(readableEvent('xstate.after.patience.machine.working'), 'after patience');
  t.is(readableEvent('start'), 'start');
});
