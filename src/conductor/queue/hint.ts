import type { Actors } from '../../actors/types.ts';
import type { FleetPicture } from '../fleet/index.ts';
import type { LeaseBook } from '../node/lease-book.ts';
import { QUEUE, type QueuePicture } from './picture.ts';

/**
 * Opens the queue once every node has been heard of, and tells it of room while somebody waits. Both are hints: without them
 * it opens by its own deadline, and looks by itself every few seconds.
 */
export function hintQueue(
  { send }: Pick<Actors, 'send'>,
  picture: FleetPicture,
  queue: QueuePicture,
  leases: Pick<LeaseBook, 'lastHeardMs' | 'onFirst'>,
): void {
  const hint = (hasGained: boolean): void => {
    if (!queue.isOpen && isRead(picture, leases)) send(QUEUE, { type: 'open' });
    else if (hasGained && queue.entries.length > 0) send(QUEUE, { type: 'room' });
  };
  picture.onChange(hint);
  leases.onFirst(() => hint(false));
  hint(true);
}

/** Each node has told this process what is there, or does not answer. What it told the one before may be over. */
const isRead = (picture: FleetPicture, leases: Pick<LeaseBook, 'lastHeardMs'>): boolean =>
  picture.nodes().every(({ context, status: { connection } }) => {
    if (connection === 'healthy' || connection === 'suspect') return leases.lastHeardMs(context.id) !== null;
    return connection !== 'recovering';
  });
