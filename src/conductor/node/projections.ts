import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot } from 'xstate';
import type { Projection } from '../../actors/types.ts';
import { type NodeContext, roomChanges } from '../../machines/node/index.ts';
import {
  NODE_PROJECTION,
  NODE_RESERVATIONS_PROJECTION,
  type NodeReservationsProjection,
} from '../interfaces/stores.ts';
import { nodeRow } from './row.ts';

type Reservations = NodeContext['reservations'];
type Row = NodeReservationsProjection['reserved'][number];

const reservationsOf = (snapshot: AnyMachineSnapshot | null): Reservations =>
  (snapshot?.context as NodeContext | undefined)?.reservations ?? {};

/**
 * What a turn changes in the rows of a node. A node takes a turn for each server that comes and goes, and has many of them: if
 * each turn wrote the whole list and the node's own row, it would cost more with every server that is there already.
 */
export function nodeProjections(after: AnyMachineSnapshot, before: AnyMachineSnapshot | null): readonly Projection[] {
  return [...nodeChange(after, before), ...reservationChange(after, before)];
}

function nodeChange(after: AnyMachineSnapshot, before: AnyMachineSnapshot | null): readonly Projection[] {
  const row = nodeRow(after);
  const isSame = before !== null && hasSameValues(row, nodeRow(before));
  return isSame ? [] : [{ name: NODE_PROJECTION, row }];
}

function reservationChange(after: AnyMachineSnapshot, before: AnyMachineSnapshot | null): readonly Projection[] {
  const [was, is] = [reservationsOf(before), reservationsOf(after)];
  const { given, gone: released } = roomChanges(was, is);
  const reserved = given.flatMap((serverId): Row[] => {
    const { startsUntil: _until, kept: _kept, ...row } = is[serverId] as Reservations[string];
    return isAsBefore(row, was[serverId]) ? [] : [{ serverId, ...row }];
  });
  if (reserved.length + released.length === 0) return [];
  const { id: nodeId } = after.context as NodeContext;
  return [{ name: NODE_RESERVATIONS_PROJECTION, row: { nodeId, reserved, released } }];
}

/** A server that has come to run holds the same room as before: when its start would have been over is in no row. */
const isAsBefore = (row: Omit<Row, 'serverId'>, before: Reservations[string] | undefined): boolean =>
  before !== undefined && hasSameValues(row, before);

/** Contexts keep what a turn does not change, so that there is rarely an object to look into. */
const hasSameValues = <T extends object>(one: T, other: T): boolean =>
  (Object.keys(one) as (keyof T)[]).every((key) => one[key] === other[key] || isDeepStrictEqual(one[key], other[key]));
