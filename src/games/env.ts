/** A server's environment: what its owner may say, what the template fixes, and what must not be shown. */
import { randomBytes } from 'node:crypto';
import type { Template } from '../conductor/interfaces/games.ts';
import { errors } from './errors.ts';
import { type ContainerFacts, filled } from './templates/placeholders.ts';
import { matches } from './templates/schema.ts';

export interface Issue {
  /** Such as `env.EULA`. */
  readonly path: string;
  readonly message: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Of the console's password: 128 bits, in letters and digits that no game's settings file trips over. */
const PASSWORD_BYTES = 16;

/**
 * What is stored with the server: defaults, the caller's variables, and a console password. What the template fixes is not
 * in it, so that a changed template reaches servers that are there already.
 *
 * @throws `invalid_request` with one issue per fault in `details.issues`
 */
export function resolveEnv(template: Template, given: Readonly<Record<string, string>>): Record<string, string> {
  const fixed = fixedNames(template);
  const env: Record<string, string> = {};
  for (const { name, default: value } of template.variables) if (value !== undefined) env[name] = value;
  for (const [name, value] of Object.entries(given)) {
    // Saying what is so anyway is no fault, and is not stored.
    if (template.env[name] !== value) env[name] = value;
  }
  const issues = [...faults(template, env, fixed)];
  if (issues.length > 0) {
    throw errors.invalid_request({
      summary: issues.map(({ path, message }) => `${path} ${message}`).join('; '),
      issues,
    });
  }
  const password = consolePassword(template);
  if (password && !env[password]) env[password] = randomBytes(PASSWORD_BYTES).toString('hex');
  return env;
}

/** Names whose values must be masked wherever they are shown. */
export function secretNames(template: Template): ReadonlySet<string> {
  return new Set(template.variables.filter(({ secret }) => secret).map(({ name }) => name));
}

/** What the container gets: the server's env, then what the template fixes, with RAM and port numbers filled in. */
export function containerEnv(
  template: Template,
  env: Readonly<Record<string, string>>,
  facts: ContainerFacts,
): Record<string, string> {
  const fixed = Object.entries(template.env).map(([name, value]) => [name, filled(value, facts)]);
  const numbers = template.ports.flatMap(({ name, env: variable }) => {
    const port = facts.ports.find((candidate) => candidate.name === name);
    return variable && port ? [[variable, String(port.container)]] : [];
  });
  return { ...env, ...Object.fromEntries(fixed), ...Object.fromEntries(numbers) };
}

function* faults(
  template: Template,
  env: Readonly<Record<string, string>>,
  fixed: ReadonlySet<string>,
): Generator<Issue> {
  for (const [name, value] of Object.entries(env)) {
    const path = `env.${name}`;
    if (!NAME.test(name)) yield { path, message: 'is not a name of an environment variable' };
    else if (fixed.has(name)) yield { path, message: `is fixed by the template '${template.id}' and cannot be set` };
    else if (value.includes('\0')) yield { path, message: 'must not hold a NUL character' };
  }
  for (const { name, required, pattern } of template.variables) {
    const value = env[name];
    if (required && !value) yield { path: `env.${name}`, message: 'is required' };
    else if (value && pattern && !matches(pattern, value)) {
      yield { path: `env.${name}`, message: `must match ${pattern}` };
    }
  }
  const { eula } = template;
  if (eula && env[eula.variable]?.toUpperCase() !== eula.value.toUpperCase()) {
    yield { path: `env.${eula.variable}`, message: `must be ${eula.value}, which accepts the licence at ${eula.url}` };
  }
}

/** What operation rests on: console port and switch, game ports, memory. */
function fixedNames(template: Template): ReadonlySet<string> {
  return new Set([...Object.keys(template.env), ...template.ports.flatMap(({ env }) => env ?? [])]);
}

function consolePassword({ console }: Template): string | null {
  return console.kind === 'rcon' ? console.passwordEnv : null;
}
