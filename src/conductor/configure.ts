/** Turns what a caller asks for into a server's spec: defaults from the template, checked against it. */
import type { Changes, ServerSpec } from '../machines/server/types.ts';
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

/**
 * What a request changes of a server. What was asked of the env is sent, not what comes of it: until the server takes the
 * change, others may have changed other variables. Throws as {@link specOf} does.
 */
export function changesOf(games: Games, row: ServerRow, request: ConfigureRequest): Changes {
  const template = games.template(row.template);
  const { env: asked, ...plain } = request;
  if (plain.ramMb !== undefined) checkedRam(template, plain.ramMb);
  if (plain.imageTag !== undefined) checkedTag(template, plain.imageTag);
  const changes = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  if (asked === undefined) return { changes };
  const resolved = games.resolveEnv(template, mergedEnv(row.env, asked));
  // Besides what was asked: what the template adds by now, and a password that is made anew.
  const names = Object.keys({ ...row.env, ...asked, ...resolved });
  const touched = names.filter((name) => name in asked || row.env[name] !== resolved[name]);
  const env = Object.fromEntries(touched.map((name) => [name, resolved[name] ?? null]));
  const liveEnv = template.variables.filter(({ restart }) => !restart).map(({ name }) => name);
  return { changes, env, liveEnv };
}

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
