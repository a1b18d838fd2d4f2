import type { Evidence } from './evidence.ts';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Turns of one actor that are told at most. */
const LAST = 25;

/** The violations, each with the last turns of the actors that it names: a run hardly ever ends the same way twice. */
export const withStories = (violations: readonly string[], evidence: Pick<Evidence, 'journal'>): readonly string[] =>
  violations.map((text) => [text, ...[...new Set(text.match(UUID))].flatMap((id) => story(id, evidence))].join('\n'));

function story(id: string, { journal }: Pick<Evidence, 'journal'>): readonly string[] {
  const own = journal.filter(({ address }) => String(address).endsWith(`/${id}`)).slice(-LAST);
  return own.map(({ address, seq, at, event, from_state, to_state }) => {
    const time = at instanceof Date ? at.toISOString() : String(at);
    return `  ${time} ${address} ${seq}: ${event}, ${from_state} → ${to_state}`;
  });
}
