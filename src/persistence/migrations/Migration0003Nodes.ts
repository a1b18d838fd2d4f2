import { Migration } from '@mikro-orm/migrations';

/**
 * Nodes besides the local one: what their actors know of them, and the keys that they are reached with. A key is kept before
 * its node is made, so that no node is without one; hence no foreign key.
 */
export class Migration0003Nodes extends Migration {
  override up(): void {
    this.addSql(`
      alter table nodes
        add column kind text not null default 'local',
        add column system boolean not null default false,
        add column labels jsonb not null default '{}',
        add column ssh jsonb,
        add column host_key text,
        add column status text not null default 'arriving',
        add column status_detail text,
        add column connection text not null default 'unconnected',
        add column pressure jsonb not null default '{"cpu": "calm", "disk": "calm", "memory": "calm"}',
        add column cordoned boolean not null default false,
        add column operation_id uuid,
        add column reserve_ram_mb integer not null default 0,
        add column boot_id text,
        add column lease_epoch bigint not null default 0,
        add column last_lease_at timestamptz(3),
        add column away_since timestamptz(3),
        add column fence jsonb,
        add column last_error jsonb,
        add column ready_at timestamptz(3),
        add column removed_at timestamptz(3),
        add column version bigint not null default 0`);
    this.addSql('alter table nodes drop constraint nodes_name_key');
    this.addSql('create unique index nodes_name_key on nodes (name) where removed_at is null');
    this.addSql(`
      create table node_keys (
        node_id uuid primary key,
        private_key text not null,
        created_at timestamptz(3) not null default now()
      )`);
  }
}
