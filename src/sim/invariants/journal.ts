/**
 * The journal explains every row: the turns of an actor follow each other without a gap, each begins where the one before
 * ended, and the last one ends where the actor and its read model are.
 */
import type { TurnCommit } from '../../actors/store.ts';
import type { Address } from '../../actors/types.ts';
import type { MakeInvariant } from '../world.ts';

export const journal: MakeInvariant = ({ tables }, violation) => {
  const last = new Map<Address, { readonly seq: number; readonly to: string }>();

  const taken = new Set<string>();

  function follows({ address, seq, from, to, consumes }: TurnCommit): void {
    if (consumes !== null && taken.has(consumes)) violation(`${address} turn ${seq} takes message ${consumes} again`);
    if (consumes !== null) taken.add(consumes);
    const before = last.get(address);
    if (seq !== (before?.seq ?? 0) + 1) violation(`${address} turn ${seq} follows turn ${before?.seq ?? 0}`);
    if (from !== (before?.to ?? null))
      violation(`${address} turn ${seq} begins in ${from}, the last ended in ${before?.to}`);
    last.set(address, { seq, to });
  }

  function shows({ address, seq, to }: TurnCommit): void {
    const row = tables.journal.get(address)?.at(-1);
    if (row?.seq !== seq || row.to !== to) violation(`${address} turn ${seq} is not in the journal`);
    const actor = tables.actors.get(address);
    const server = address.startsWith('server/') ? tables.servers.get(address.slice('server/'.length)) : undefined;
    if (actor !== undefined && actor.seq !== seq) violation(`${address} is at ${actor.seq}, its journal at ${seq}`);
    if (server === undefined) return;
    const status = server.statusDetail === null ? server.status : `${server.status}.${server.statusDetail}`;
    if (status !== to) violation(`${address} is ${to}, and its row says ${status}`);
  }

  return {
    onCommit(turns, results) {
      const written = turns.filter((_, index) => results[index]?.ok === true);
      for (const turn of written) follows(turn);
      for (const turn of written) shows(turn);
    },
  };
};
