import { Migration } from '@mikro-orm/migrations';

/** Who waits for room, and reservations in the units of the planner. */
export class Migration0004Queue extends Migration {
  override up(): void {
    this.addSql(`
      create table queue_entries (
        server_id uuid primary key,
        owner_id uuid not null,
        name text not null,
        plan text not null,
        ram_mb integer not null,
        cpu_milli integer not null,
        disk_mb integer not null,
        ports integer not null,
        only_node_id uuid,
        avoid jsonb not null,
        queued_at timestamptz(3) not null,
        gives_up_at timestamptz(3) not null,
        attempt integer not null,
        next_attempt_at timestamptz(3),
        reason text,
        overtaken integer not null,
        held_on uuid,
        offered_on uuid,
        offered_until timestamptz(3),
        rests_until timestamptz(3)
      )`);
    this.addSql(`
      alter table reservations
        add column cpu_milli integer not null default 0,
        add column disk_mb integer not null default 0,
        add column ports integer not null default 0`);
    this.addSql('update reservations set cpu_milli = round(cpu * 1000)');
    this.addSql(`
      alter table reservations
        alter column cpu_milli drop default,
        alter column disk_mb drop default,
        alter column ports drop default,
        drop column cpu`);
  }

  override down(): void {
    this.addSql('alter table reservations add column cpu real not null default 0');
    this.addSql('update reservations set cpu = cpu_milli / 1000.0');
    this.addSql(`
      alter table reservations
        alter column cpu drop default, drop column cpu_milli, drop column disk_mb, drop column ports`);
    this.addSql('drop table queue_entries');
  }
}
