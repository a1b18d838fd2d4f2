import { Migration } from '@mikro-orm/migrations';

/**
 * The first schema. Tables that the commit path writes on every turn (`actors`, `journal`, `timers`, `effects`, `messages`,
 * `events`) have no foreign keys and as few indexes as their readers need; everything that a person owns has them.
 * Times have milliseconds, as `Date` has: what is read is exactly what is stored, so a page can begin where one ended.
 */
export class Migration0001Initial extends Migration {
  override up(): void {
    this.addSql(`
      create table accounts (
        id uuid primary key,
        name text not null unique,
        role text not null,
        created_at timestamptz(3) not null default now()
      )`);
    this.addSql(`
      create table nodes (
        id uuid primary key,
        name text not null unique,
        engine text not null,
        ram_mb integer not null,
        cpus real not null,
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now()
      )`);
    this.addSql(`
      create table servers (
        id uuid primary key,
        owner_id uuid not null references accounts (id),
        name text not null,
        template text not null,
        image text not null,
        image_tag text not null,
        ram_mb integer not null,
        cpu real not null,
        disk_mb integer not null,
        env jsonb not null,
        plan text not null,
        status text not null,
        status_detail text,
        operation_id uuid,
        node_id uuid references nodes (id),
        engine text,
        container_id text,
        epoch bigint not null,
        ports jsonb not null,
        data_exists boolean,
        data_bytes bigint,
        players integer,
        wake_on_join boolean not null,
        idle_stop_seconds integer not null,
        restart_pending boolean not null,
        last_error jsonb,
        queued_at timestamptz(3),
        attempt integer not null,
        next_attempt_at timestamptz(3),
        exit jsonb,
        created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null,
        started_at timestamptz(3),
        stopped_at timestamptz(3),
        deleted_at timestamptz(3),
        purge_at timestamptz(3),
        version bigint not null
      )`);
    this.addSql('create index servers_owner on servers (owner_id)');
    this.addSql('create index servers_node on servers (node_id)');
    this.addSql('create index servers_status on servers (status)');
    this.addSql(`
      create table ports (
        node_id uuid not null references nodes (id),
        protocol text not null,
        host_port integer not null,
        server_id uuid not null,
        name text not null,
        container_port integer not null,
        created_at timestamptz(3) not null default now(),
        primary key (node_id, protocol, host_port),
        unique (server_id, name)
      )`);
    this.addSql(`
      create table reservations (
        server_id uuid primary key,
        node_id uuid not null references nodes (id),
        epoch bigint not null,
        ram_mb integer not null,
        cpu real not null,
        created_at timestamptz(3) not null default now()
      )`);
    this.addSql('create index reservations_node on reservations (node_id)');
    this.addSql(`
      create table shards (
        shard smallint primary key,
        owner text,
        epoch bigint not null default 0,
        expires_at timestamptz(3)
      )`);
    this.addSql(`
      create table actors (
        address text primary key,
        kind text not null,
        shard smallint not null,
        seq bigint not null,
        machine_version text not null,
        status text not null,
        snapshot json not null,
        quarantined jsonb,
        updated_at timestamptz(3) not null default now()
      )`);
    this.addSql('create index actors_kind on actors (kind)');
    this.addSql('create index actors_quarantined on actors (address) where quarantined is not null');
    this.addSql(`
      create table journal (
        id bigint generated always as identity primary key,
        address text not null,
        seq bigint not null,
        event text not null,
        by text,
        from_state text,
        to_state text not null,
        operation_id uuid,
        effects text[] not null,
        at timestamptz(3) not null default now(),
        duration_ms real not null
      )`);
    this.addSql('create index journal_address on journal (address, seq)');
    this.addSql(`
      create table timers (
        address text not null,
        timer_id text not null,
        incarnation bigint not null,
        due_at timestamptz(3) not null,
        event json not null,
        primary key (address, timer_id)
      )`);
    this.addSql('create index timers_due on timers (due_at)');
    this.addSql(`
      create table effects (
        id text primary key,
        address text not null,
        child_id text not null,
        name text not null,
        incarnation bigint not null,
        input json not null,
        started_at timestamptz(3) not null default now(),
        deadline_at timestamptz(3)
      )`);
    this.addSql('create index effects_address on effects (address)');
    this.addSql(`
      create table messages (
        id text primary key,
        position bigint generated always as identity,
        sender text not null,
        receiver text not null,
        event json not null,
        at timestamptz(3) not null default now()
      )`);
    this.addSql('create index messages_receiver on messages (receiver, position)');
    this.addSql(`
      create table operations (
        id uuid primary key,
        command text not null,
        target text not null,
        account_id uuid not null references accounts (id),
        status text not null,
        progress real,
        message text,
        error jsonb,
        created_at timestamptz(3) not null default now(),
        finished_at timestamptz(3),
        idempotency_key text,
        fingerprint text,
        unique (account_id, idempotency_key)
      )`);
    this.addSql('create index operations_target on operations (target, created_at)');
    this.addSql("create index operations_open on operations (target) where status = 'running'");
    this.addSql(
      'create index operations_sweepable on operations (finished_at) where finished_at is not null and idempotency_key is null',
    );
    this.addSql(`
      create table stash (
        operation_id uuid primary key,
        position bigint generated always as identity,
        address text not null,
        event json not null
      )`);
    this.addSql('create index stash_address on stash (address, position)');
    this.addSql(`
      create table dead_letters (
        id uuid primary key,
        address text not null,
        event json not null,
        error jsonb not null,
        attempts integer not null,
        at timestamptz(3) not null default now()
      )`);
    this.addSql(`
      create table events (
        seq bigint generated always as identity primary key,
        type text not null,
        subject_kind text not null,
        subject_id text not null,
        owner_id uuid,
        data json not null,
        at timestamptz(3) not null default now()
      )`);
    this.addSql('create index events_owner on events (owner_id, seq)');
    this.addSql('create index events_at on events (at)');
  }

  override down(): void {
    for (const table of [
      'events',
      'dead_letters',
      'stash',
      'operations',
      'messages',
      'effects',
      'timers',
      'journal',
      'actors',
      'shards',
      'reservations',
      'ports',
      'servers',
      'nodes',
      'accounts',
    ]) {
      this.addSql(`drop table if exists ${table} cascade`);
    }
  }
}
