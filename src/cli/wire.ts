/** What the command line reads of the API's answers, in the names of the wire. */

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly status: number;
  readonly request_id?: string;
  readonly state?: unknown;
  readonly operation?: unknown;
  readonly allowed?: readonly string[];
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

export interface Operation {
  readonly id: string;
  readonly command: string;
  readonly target: { readonly kind: string; readonly id: string };
  readonly status: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly progress: number | null;
  readonly message: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

export interface Server {
  readonly id: string;
  readonly name: string;
  readonly template: string;
  readonly status: string;
  readonly status_detail: string | null;
  readonly node_id: string | null;
  readonly ram_mb: number;
  readonly players: number | null;
  readonly ports: readonly { readonly protocol: string; readonly host: number }[];
  readonly env: Readonly<Record<string, string>>;
  readonly exit: {
    readonly exit_code: number | null;
    readonly oom_killed: boolean;
    readonly log_tail: readonly string[];
    readonly at: string;
  } | null;
  readonly last_error: { readonly code: string; readonly message: string; readonly at: string } | null;
  readonly deleted_at: string | null;
}

/** Where players join. */
export interface Connection {
  readonly host: string;
  readonly port: number;
}

export interface Fleet {
  readonly servers: number;
  readonly queued: number;
  readonly usable_ram_mb: number;
  readonly reserved_ram_mb: number;
  readonly available_ram_mb: number;
  readonly utilisation: number;
  readonly nodes: readonly {
    readonly id: string;
    readonly name: string;
    readonly kind: string;
    readonly status: string;
    readonly connection: string;
    readonly usable_ram_mb: number;
    readonly reserved_ram_mb: number;
    readonly available_ram_mb: number;
    readonly utilisation: number;
    readonly servers: number;
    readonly starting: number;
    readonly starts_max: number;
  }[];
}

export interface QueuedServer {
  readonly position: number;
  readonly server_id: string;
  readonly name: string;
  readonly plan: string;
  readonly ram_mb: number;
  readonly queued_at: string;
  readonly eta: string | null;
  readonly attempt: number;
  readonly next_attempt_at: string | null;
  readonly reason: string | null;
}

export interface Placement {
  readonly name: string;
  readonly rank: number | null;
  readonly reasons: readonly string[];
  readonly score: { readonly machines: string; readonly key: number } | null;
  readonly free: { readonly ram_mb: number };
}

export interface Node {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly status_detail: string | null;
  readonly connection: string;
  readonly hostname: string | null;
  readonly usable_ram_mb: number;
  readonly reserved_ram_mb: number;
  readonly reservations: readonly { readonly server_id: string }[];
}

/** A line of a journal. */
export interface Turn {
  readonly at: string;
  readonly event: string;
  readonly from: string | null;
  readonly to: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next_cursor: string | null;
}

export interface Envelope {
  readonly seq: number | null;
  readonly type: string;
  readonly at: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly id: string;
  readonly description: string;
  readonly eula: { readonly variable: string; readonly value: string; readonly url: string } | null;
}
