import assert from 'node:assert/strict';

/**
 * Every limit of the door in one place. Numbers without another source are from the API's design document.
 */
export interface HttpLimits {
  readonly pageDefault: number;
  readonly pageMax: number;
  /** Most servers of one bulk request; as many as a page shows. */
  readonly bulkMax: number;
  readonly logLinesMax: number;
  /** Events that wait for one slow live client before it is sent away; it comes back with `since` and misses nothing. */
  readonly liveQueue: number;
  /** Live events kept back for one client while it is given older ones. */
  readonly liveBuffer: number;
  /** Events that one client is known to have been given, so that none is given twice. */
  readonly liveMemory: number;
  /** Events read at once when older ones are given to a live client. */
  readonly replayBatch: number;
  /** Rooms of one live connection. */
  readonly rooms: number;
  /** Consoles that one live connection follows. */
  readonly consoles: number;
  /** Longest time without progress that a live client may take for events it asked for. */
  readonly drainMs: number;
}

export const httpLimits: HttpLimits = {
  pageDefault: 50,
  pageMax: 200,
  bulkMax: 200,
  logLinesMax: 1000,
  liveQueue: 4096,
  liveBuffer: 2048,
  liveMemory: 4096,
  replayBatch: 500,
  rooms: 512,
  consoles: 16,
  drainMs: 15_000,
};

// What is kept back is given at once when the older events were given; that alone must not look like a slow client.
assert(httpLimits.liveBuffer + httpLimits.replayBatch <= httpLimits.liveQueue);
assert(httpLimits.pageDefault <= httpLimits.pageMax);

/** What an operator may change of the door. */
export interface HttpSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Largest request body. */
  readonly bodyBytesMax: number;
  /** Longest `Prefer: wait`. */
  readonly waitSecondsMax: number;
}
