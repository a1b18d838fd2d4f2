import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';

/** Connections of a pool, never more than a few of them at once. What it throws is what the pool throws. */
export interface Share {
  /** Whoever gets a connection has to release it, once. One that is lost counts as released: MikroORM forgets it in a transaction. */
  connect(): Promise<PoolClient>;
  query<R extends QueryResultRow>(query: string | QueryConfig<unknown[]>, values?: unknown[]): Promise<QueryResult<R>>;
}

/**
 * Who finds all connections of the share in use waits here and not in the pool, where he would stand before those who may
 * have the rest.
 * @param most connections that the share has at once, at least one
 * @param timeoutMs how long to wait until one of them is given back; the pool then has its own patience
 */
export function shareOf(pool: Pool, most: number, timeoutMs: number): Share {
  const waiting = new Set<() => void>();
  let left = most;

  async function take(): Promise<void> {
    if (left > 0) left -= 1;
    else await inLine();
  }

  /** Each is let in by the one who leaves, in the order in which they came. Who was let in in time is late for nothing. */
  const inLine = () =>
    new Promise<void>((enter, refuse) => {
      const late = () => {
        waiting.delete(enter);
        refuse(new Error(POOL_TIMED_OUT));
      };
      AbortSignal.timeout(timeoutMs).addEventListener('abort', late);
      waiting.add(enter);
    });

  function giveBack(): void {
    const [next] = waiting;
    if (next === undefined) left += 1;
    else {
      waiting.delete(next);
      next();
    }
  }

  return {
    async connect() {
      await take();
      try {
        return handedOut(await pool.connect(), giveBack);
      } catch (thrown) {
        giveBack();
        throw thrown;
      }
    },
    async query<R extends QueryResultRow>(query: string | QueryConfig<unknown[]>, values?: unknown[]) {
      await take();
      try {
        return await pool.query<R>(query, values);
      } finally {
        giveBack();
      }
    },
  };
}

/** The pool makes `release` anew each time that it gives the client out, and it throws when it is called twice. */
function handedOut(client: PoolClient, onReturn: () => void): PoolClient {
  const { release } = client;
  let lost = false;
  const giveBack: typeof release = (error) => {
    if (lost) return;
    release(error);
    client.off('end', onEnd);
    onReturn();
  };
  const onEnd = () => {
    giveBack(true);
    lost = true;
  };
  client.release = giveBack;
  return client.on('end', onEnd);
}

/** What the pool says when all of its connections stay in use, so that nobody has to tell the two apart. */
const POOL_TIMED_OUT = 'timeout exceeded when trying to connect';
