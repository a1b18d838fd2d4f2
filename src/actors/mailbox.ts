/**
 * The two lanes of an actor's mailbox. What the runtime sends (timers, effect results, durable messages) overtakes what
 * users ask, but not for ever; within a lane the order is kept.
 */
import type { BatonError } from '../errors.ts';
import type { Activation, Envelope, Origin } from './activation.ts';
import { plainEnvelope } from './activation.ts';
import { errors } from './errors.ts';
import type { StoredMessage } from './store.ts';

/** Puts a message into its lane. Returns why it cannot; what is stored never gets that answer, it waits in the store. */
export function enqueue(activation: Activation, envelope: Envelope, depth: number): BatonError | null {
  const { origin } = envelope;
  if (isStored(origin)) {
    enqueueStored(activation, envelope, depth);
    return null;
  }
  if (activation.user.length >= depth) return errors.mailbox_full({ kind: activation.kind.kind, retry_after: 1 });
  activation.user.push(envelope);
  return null;
}

function enqueueStored(activation: Activation, envelope: Envelope, depth: number): void {
  const { system } = activation;
  if (activation.unread && envelope.origin.type === 'message') return;
  if (system.some(({ origin }) => sameThing(origin, envelope.origin))) return;
  if (system.length < depth) system.push(envelope);
  else activation.unread = true;
}

/**
 * Merges the messages that were just read from the store with what came while they were read: those that the store did not
 * have yet are younger and come after. `limit` is how many the store was asked for.
 */
export function enqueueRead(activation: Activation, stored: readonly StoredMessage[], limit: number): void {
  const known = new Set(stored.map(({ id }) => id));
  const complete = stored.length < limit;
  const came = activation.system.splice(0);
  for (const { id, event, sender } of stored) {
    activation.system.push(plainEnvelope(event, { type: 'message', id }, sender));
  }
  for (const envelope of came) {
    const { origin } = envelope;
    if (origin.type !== 'message') activation.system.push(envelope);
    else if (complete && !known.has(origin.id)) activation.system.push(envelope);
  }
  // Not set to false: what did not fit while the store was read may not have been in it yet.
  if (!complete) activation.unread = true;
}

/** So many system messages go before a user's: an actor that is told much by others still answers within a few turns. */
const OVERTAKEN_MAX = 4;

/** Takes what is to be handled next. An actor that does not exist yet takes its creation first. */
export function dequeue(activation: Activation): Envelope | undefined {
  const { system, user, snapshot } = activation;
  if (snapshot === null) return user.shift() ?? system.shift();
  const waits = user.length > 0;
  if (system.length > 0 && (!waits || activation.overtaken < OVERTAKEN_MAX)) {
    if (waits) activation.overtaken += 1;
    return system.shift();
  }
  activation.overtaken = 0;
  return takeStashed(activation) ?? user.shift();
}

/** The oldest command that waited for an operation to end, if none is running. */
function takeStashed(activation: Activation): Envelope | undefined {
  const [next, ...rest] = activation.stash;
  const { snapshot, kind } = activation;
  if (next === undefined || snapshot === null || kind.operation(snapshot) !== null) return undefined;
  activation.stash = rest;
  const { operationId: id, event } = next;
  return {
    ...plainEnvelope(event, { type: 'stash', operationId: id }),
    operation: { id, command: event.type, accountId: '', idempotencyKey: null, fingerprint: null },
  };
}

/** Empties both lanes and tells those who wait. What is stored is read again when it is time. */
export function empty(activation: Activation, error: BatonError): void {
  activation.system.length = 0;
  for (const waiting of activation.user.splice(0)) waiting.settle?.failed(error);
}

/** Whether a message exists in the store, so that it comes back if we forget it. */
const isStored = ({ type }: Origin): boolean => type === 'timer' || type === 'effect' || type === 'message';

function sameThing(a: Origin, b: Origin): boolean {
  if (a.type === 'timer' && b.type === 'timer') return a.timerId === b.timerId && a.incarnation === b.incarnation;
  if (a.type === 'effect' && b.type === 'effect') return a.id === b.id;
  if (a.type === 'message' && b.type === 'message') return a.id === b.id;
  return false;
}
