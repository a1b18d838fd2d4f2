import { Migration } from '@mikro-orm/migrations';

/** Whoever still asks for ports when its server is purged gets none: they would never be given back. */
export class Migration0006PortsOfServers extends Migration {
  override up(): void {
    this.addSql('delete from ports where not exists (select from servers where servers.id = ports.server_id)');
    this.addSql(`
      alter table ports add constraint ports_server_id_fkey
        foreign key (server_id) references servers (id) on delete cascade`);
  }

  override down(): void {
    this.addSql('alter table ports drop constraint ports_server_id_fkey');
  }
}
