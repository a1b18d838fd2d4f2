import { Migration } from '@mikro-orm/migrations';

/** A node's row is only written when it changes; how many turns the node has taken is read from its actor. */
export class Migration0007NodeVersions extends Migration {
  override up(): void {
    this.addSql('alter table nodes drop column version');
  }

  override down(): void {
    this.addSql('alter table nodes add column version bigint not null default 0');
    this.addSql(`
      update nodes set version = actors.seq from actors where actors.address = 'node/' || nodes.id`);
  }
}
