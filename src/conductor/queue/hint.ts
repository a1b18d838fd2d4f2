import type { Actors } from '../../actors/types.ts';
import type { FleetPicture } from '../fleet/index.ts';
import { QUEUE, type QueuePicture } from './picture.ts';

/**
 * Opens the queue once every node has been heard of, and tells it of room while somebody waits. Both are hints: without them
 * it opens by its own deadline, and looks by itself every few seconds.
 */
export function hintQueue({ send }: Pick<Actors, 'send'>, picture: FleetPicture, queue: QueuePicture): void {
  const hint = (hasGained: boolean): void => {
    if (!queue.isOpen && isRead(picture)) send(QUEUE, { type: 'open' });
    else if (hasGained && queue.entries.length > 0) send(QUEUE, { type: 'room' });
  };
  picture.onChange(hint);
  hint(true);
}

/** No inventory is being read: each node has told what is there, or does not answer. */
const isRead = (picture: FleetPicture): boolean =>
  picture.nodes().every(({ status }) => status.connection !== 'recovering');
