/** Turns what a caller asks for into a server's spec: defaults from the template, checked against it. */
import type { ServerSpec } from '../machines/server/types.ts';
import { errors } from './errors.ts';
import type { Games, Template } from './interfaces/games.ts';
import type { ServerRow } from './interfaces/reads.ts';
import type { ConfigureRequest, CreateServerRequest } from './types.ts';

/** Idle seconds before an empty server is stopped, where nobody says otherwise. */
const IDLE_STOP_SECONDS = 300;

/** What a server waits for its lost node before it fails over, where nobody says otherwise: fleet.md, "Grace". */
const FAILOVER_GRACE_SECONDS = 60;

/** The spec of a new server. Throws `unknown_template`, `invalid_request`, `ram_too_small`, `image_tag_fixed`. */
export function specOf(games: Games, request: CreateServerRequest): ServerSpec {
  const template = games.template(request.template);
  const ramMb = checkedRam(template, request.ramMb ?? template.ramMb.default);
  return {
    name: request.name,
    template: template.id,
    image: template.image,
    imageTag: checkedTag(template, request.imageTag ?? template.imageTag),
    ramMb,
    cpu: request.cpu ?? 0,
    diskMb: request.diskMb ?? 0,
    env: games.resolveEnv(template, request.env ?? {}),
    plan: request.plan ?? 'payperplay',
    wakeOnJoin: request.wakeOnJoin ?? false,
    idleStopSeconds: request.idleStopSeconds ?? IDLE_STOP_SECONDS,
    failoverPolicy: request.failoverPolicy ?? 'wait',
    failoverGraceSeconds: request.failoverGraceSeconds ?? FAILOVER_GRACE_SECONDS,
    bootSeconds: template.bootSeconds,
    graceSeconds: template.stop.graceSeconds,
  };
}

export interface Changes {
  readonly changes: Partial<ServerSpec>;
  /** Fields whose change only a new container takes up, as the caller named them. */
  readonly needsRestart: readonly string[];
}

/** What a request changes of a server, and which of it needs a restart. Throws as {@link specOf} does. */
export function changesOf(games: Games, row: ServerRow, request: ConfigureRequest): Changes {
  const template = games.template(row.template);
  if (request.ramMb !== undefined) checkedRam(template, request.ramMb);
  if (request.imageTag !== undefined) checkedTag(template, request.imageTag);
  const { env: asked, ...plain } = request;
  const differing = Object.entries(plain).filter(
    ([field, value]) => value !== undefined && value !== row[field as keyof typeof plain],
  );
  const needsRestart = differing.map(([field]) => field).filter((field) => NEW_CONTAINER.has(field));
  const changes: Record<string, unknown> = Object.fromEntries(differing);
  if (asked !== undefined) {
    const env = games.resolveEnv(template, mergedEnv(row.env, asked));
    const live = new Set(template.variables.filter(({ restart }) => !restart).map(({ name }) => name));
    const changed = [...new Set([...Object.keys(row.env), ...Object.keys(env)])].filter(
      (name) => row.env[name] !== env[name],
    );
    needsRestart.push(...changed.filter((name) => !live.has(name)).map((name) => `env.${name}`));
    if (changed.length > 0) changes.env = env;
  }
  return { changes, needsRestart };
}

const NEW_CONTAINER: ReadonlySet<string> = new Set(['ramMb', 'cpu', 'imageTag']);

function mergedEnv(env: Readonly<Record<string, string>>, asked: Readonly<Record<string, string | null>>) {
  const merged = { ...env, ...asked };
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null));
}

function checkedRam({ id, ramMb: { min } }: Template, ramMb: number): number {
  const issues = [{ path: 'ram_mb', message: `must be at least ${min}` }];
  if (ramMb < min) throw errors.ram_too_small({ template: id, min, ram_mb: ramMb, issues });
  return ramMb;
}

/**
 * An image that Baton builds has the one tag that its template names. Under another one somebody else's image would be pulled,
 * from a name in a registry that nobody here owns.
 */
export function checkedTag({ id, build, imageTag: own }: Template, imageTag: string): string {
  const issues = [{ path: 'image_tag', message: `must be ${own}` }];
  if (build !== undefined && imageTag !== own) throw errors.image_tag_fixed({ template: id, image_tag: own, issues });
  return imageTag;
}
