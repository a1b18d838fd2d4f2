import { Migration } from '@mikro-orm/migrations';

/** Whether the end of a node's lease proves anything, and whether its engine answers. */
export class Migration0009GuardedNodes extends Migration {
  override up(): void {
    this.addSql(`
      alter table nodes
        add column guarded boolean not null default true,
        alter column pressure set default '{"cpu": "calm", "disk": "calm", "engine": "calm", "memory": "calm"}'`);
    this.addSql(`update nodes set pressure = pressure || '{"engine": "calm"}'`);
  }

  override down(): void {
    this.addSql(`
      alter table nodes
        drop column guarded,
        alter column pressure set default '{"cpu": "calm", "disk": "calm", "memory": "calm"}'`);
    this.addSql(`update nodes set pressure = pressure - 'engine'`);
  }
}
