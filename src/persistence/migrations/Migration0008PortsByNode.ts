import { Migration } from '@mikro-orm/migrations';

/** A server that may move has ports on its home and on the node that it may go to. */
export class Migration0008PortsByNode extends Migration {
  override up(): void {
    this.addSql(`
      alter table ports
        drop constraint ports_server_id_name_key,
        add constraint ports_server_id_node_id_name_key unique (server_id, node_id, name)`);
  }

  override down(): void {
    this.addSql(`
      delete from ports using servers
      where ports.server_id = servers.id and ports.node_id is distinct from servers.node_id`);
    this.addSql(`
      alter table ports
        drop constraint ports_server_id_node_id_name_key,
        add constraint ports_server_id_name_key unique (server_id, name)`);
  }
}
