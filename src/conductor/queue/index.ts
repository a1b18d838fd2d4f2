/** Who waits for room. */
export { hintQueue } from './hint.ts';
export { ensureQueue, queueKind } from './kind.ts';
export { type Admission, createQueuePicture, followQueue, QUEUE, type QueuePicture } from './picture.ts';
