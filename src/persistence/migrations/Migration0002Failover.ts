import { Migration } from '@mikro-orm/migrations';

/** What becomes of a server whose node is lost, and since when it is. */
export class Migration0002Failover extends Migration {
  override up(): void {
    this.addSql(`
      alter table servers
        add column failover_policy text not null default 'wait',
        add column failover_grace_seconds integer not null default 60,
        add column lost_since timestamptz(3),
        add column last_lease_at timestamptz(3)`);
  }
}
