import { Migration } from '@mikro-orm/migrations';

/** Whether the end of a node's lease proves anything. */
export class Migration0009GuardedNodes extends Migration {
  override up(): void {
    this.addSql('alter table nodes add column guarded boolean not null default true');
  }

  override down(): void {
    this.addSql('alter table nodes drop column guarded');
  }
}
