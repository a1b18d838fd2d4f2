import type pg from 'pg';

/** Writes one read model inside the transaction that commits the turns. */
export interface ProjectionStatement {
  /** The name that an actor's `Projection` chooses it by. */
  readonly name: string;
  /**
   * One statement for all turns of the transaction.
   * @param rows in camelCase, each of another actor; the commit store has added `version`, the turn's sequence number
   * @param removed ids of the actors (the part behind `kind/`) whose row is null; none of them is in `rows`
   */
  apply(
    client: pg.PoolClient,
    rows: readonly Readonly<Record<string, unknown>>[],
    removed: readonly string[],
  ): Promise<void>;
}
