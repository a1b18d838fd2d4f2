/**
 * What the conductor asks of a game. Implemented in `games/` from the templates in `config/templates`.
 */
import type { ContainerInfo, Engine, Protocol } from './engine.ts';

export interface TemplatePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly container: number;
  /**
   * True when the game must see the same number inside as outside (Project Zomboid's direct ports): then the container's
   * port is the host's, and `env` names the variable that tells the game.
   */
  readonly same: boolean;
  readonly env?: string;
}

export interface TemplateVariable {
  readonly name: string;
  readonly description: string;
  readonly default?: string;
  readonly required: boolean;
  /** Masked wherever it is shown. */
  readonly secret: boolean;
  /** A JavaScript regular expression that the whole value must match. */
  readonly pattern?: string;
  /** Changing it needs a restart; false when the game takes it live. */
  readonly restart: boolean;
}

export type Readiness =
  | { readonly kind: 'minecraft_status'; readonly port: string }
  | { readonly kind: 'tcp'; readonly port: string }
  | { readonly kind: 'udp_query'; readonly port: string; readonly query: 'source' | 'luanti' }
  | { readonly kind: 'log'; readonly pattern: string };

export type ConsoleSpec =
  | { readonly kind: 'rcon'; readonly port: number; readonly passwordEnv: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'none' };

/** What a clean stop ends with where a template says nothing else: by itself, or by SIGINT or SIGTERM through a shell. */
export const CLEAN_EXIT_CODES: readonly number[] = [0, 130, 143];

/** A game template, validated. Durations in seconds, sizes in MB. */
export interface Template {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly game: string;
  readonly image: string;
  readonly imageTag: string;
  /** Name of a recipe of ours that builds the image where no registry has it. */
  readonly build?: string;
  readonly ramMb: { readonly min: number; readonly default: number };
  readonly ports: readonly TemplatePort[];
  readonly dataPath: string;
  readonly user: string;
  readonly capabilities: readonly string[];
  readonly pidsLimit: number;
  /** Always set; `{ram_mb}`, `{heap_mb}` (three quarters of it) and `{port.<name>}` are filled in. */
  readonly env: Readonly<Record<string, string>>;
  readonly variables: readonly TemplateVariable[];
  /** The variable by which the caller accepts the game's licence, with the value that accepts and where the text is. */
  readonly eula?: { readonly variable: string; readonly value: string; readonly url: string };
  readonly readiness: Readiness;
  readonly bootSeconds: number;
  readonly console: ConsoleSpec;
  readonly stop: {
    /** Console command with `{message}`; absent when players cannot be told. */
    readonly announce?: string;
    /** Console commands that write the world to disk. */
    readonly save: readonly string[];
    readonly signal: string;
    readonly graceSeconds: number;
  };
  /** Exit codes that mean a clean stop. */
  readonly cleanExitCodes: readonly number[];
  /** Paths below the data path, any of which shows that a world is there. Once one was seen, what has none of them has lost it. */
  readonly worldMarks: readonly string[];
}

/** A running game, and how to reach it. */
export interface GameTarget {
  readonly template: Template;
  readonly engine: Engine;
  readonly container: ContainerInfo;
  /** The server's environment, with its console password. */
  readonly env: Readonly<Record<string, string>>;
  /** Container ports by name, since a template's may be moved (`same`). */
  readonly containerPorts: Readonly<Record<string, number>>;
  /** Ports on the node that these are published on, by the same names. */
  readonly hostPorts: Readonly<Record<string, number>>;
}

export interface GameStatus {
  readonly players: number | null;
  readonly playersMax: number | null;
  readonly playerNames: readonly string[];
  readonly version: string | null;
}

export interface Games {
  templates(): readonly Template[];
  /** Throws `unknown_template` (permanent, 400) that names the known ones. */
  template(id: string): Template;
  /**
   * Checks a caller's env against the template: unknown names are kept, required ones must be there, patterns must match,
   * the licence must be accepted, what the template fixes must not be set. Throws `invalid_request` with one issue per
   * fault. Returns what to store: defaults, the caller's, and a random console password where one is needed and none given.
   */
  resolveEnv(template: Template, env: Readonly<Record<string, string>>): Record<string, string>;
  /** Names in `env` that must be masked. */
  secretNames(template: Template): ReadonlySet<string>;
  /** Adds what the template fixes, with RAM and port numbers filled in; the env that the container gets. */
  containerEnv(
    template: Template,
    env: Readonly<Record<string, string>>,
    facts: { readonly ramMb: number; readonly ports: readonly { name: string; container: number; host: number }[] },
  ): Record<string, string>;
  /** Builds the template's image on the engine if it has a recipe and the image is not there. False without a recipe. */
  buildImage(
    template: Template,
    engine: Engine,
    onProgress: (message: string) => void,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** One readiness probe. Throws transient `not_ready` when the game does not answer yet. */
  probe(target: GameTarget, signal: AbortSignal): Promise<GameStatus>;
  /** Runs a console command and returns what the game answered (empty for `stdin`). Throws `no_console`. */
  console(target: GameTarget, command: string, signal: AbortSignal): Promise<string>;
}
