import { BatonError } from '../errors.ts';
import { Refusal } from './client.ts';
import { say } from './output.ts';
import type { Problem } from './wire.ts';

/** Says on stderr what went wrong, and what would have been possible instead. */
export function explain(thrown: unknown): void {
  if (thrown instanceof Refusal) return explainProblem(thrown.problem);
  if (thrown instanceof BatonError) return say(thrown.message);
  // A defect of the command line itself: the trace is what a report of it needs.
  say(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
}

function explainProblem({ code, detail, state, allowed, issues, request_id: requestId, operation }: Problem): void {
  say(`${code}: ${issues ? 'the request is not valid' : detail}`);
  for (const { path, message } of issues ?? []) say(`  ${path}: ${message}`);
  if (typeof state === 'string') say(`  It is ${state}.`);
  if (isNamed(operation)) say(`  Running: ${operation.command} (baton ops show ${operation.id})`);
  if (allowed) say(allowed.length > 0 ? `  Possible now: ${allowed.join(', ')}` : '  Nothing is possible now.');
  if (code === 'unauthenticated')
    say('  Set BATON_TOKEN, or BATON_DATA_DIR to the directory that has the file admin-token.');
  if (code === 'internal') say(`  Its log says more under ${requestId}.`);
}

const isNamed = (operation: unknown): operation is { command: string; id: string } =>
  typeof operation === 'object' && operation !== null && 'command' in operation && 'id' in operation;
