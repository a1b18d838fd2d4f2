/** A job of the pool: places a batch in the fleet as it is now. It keeps nothing. */
import type { RowAsk } from '../ask.ts';
import { readFleet } from '../fleet.ts';
import { placeBatch } from '../place.ts';
import type { Strategy } from '../strategies.ts';

export interface Batch {
  readonly buffer: SharedArrayBuffer;
  readonly asks: readonly RowAsk[];
  readonly strategy: Strategy;
}

export default ({ buffer, asks, strategy }: Batch): Int32Array =>
  placeBatch(readFleet(new Int32Array(buffer)), asks, strategy);
