import { Migration } from '@mikro-orm/migrations';

/** While a server fails over, the node that it leaves and the one that it goes to both keep room for it. */
export class Migration0005ReservationsByNode extends Migration {
  override up(): void {
    this.addSql('alter table reservations drop constraint reservations_pkey, add primary key (server_id, node_id)');
  }

  override down(): void {
    this.addSql(`
      delete from reservations as older using reservations as newer
      where older.server_id = newer.server_id and older.epoch < newer.epoch`);
    this.addSql('alter table reservations drop constraint reservations_pkey, add primary key (server_id)');
  }
}
