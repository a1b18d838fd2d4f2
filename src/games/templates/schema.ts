/**
 * What a template file may say. Besides the shape it is checked that the parts fit each other: a template that loads can
 * be run.
 */
import { z } from 'zod';
import { CLEAN_EXIT_CODES, type Template } from '../../conductor/interfaces/games.ts';
import { recipeNames } from '../images/recipes.ts';
import { PLACEHOLDER } from './placeholders.ts';

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of an environment variable');
const portNumber = z.int().min(1).max(65535);
const seconds = z.int().min(1).max(86_400);
const regex = z.string().refine(isRegex, 'is not a regular expression');
const signal = z.string().regex(/^SIG[A-Z0-9]+$/, 'must be a signal such as SIGTERM');
/** Nodes look for it, whose commands are words without anything that a shell would read differently. */
const worldMark = z
  .string()
  .regex(/^(?![-/])(?!.*\.\.)[A-Za-z0-9._/-]+$/, 'must be a path below the data path, of letters, digits and ._-');

const port = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  protocol: z.enum(['tcp', 'udp']),
  container: portNumber,
  same: z.boolean().default(false),
  env: envName.optional(),
});

const variable = z.strictObject({
  name: envName,
  description: z.string().min(1),
  default: z.string().optional(),
  required: z.boolean().default(false),
  secret: z.boolean().default(false),
  pattern: regex.optional(),
  restart: z.boolean().default(true),
});

const readiness = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('minecraft_status'), port: z.string() }),
  z.strictObject({ kind: z.literal('tcp'), port: z.string() }),
  z.strictObject({ kind: z.literal('udp_query'), port: z.string(), query: z.enum(['source', 'luanti']) }),
  z.strictObject({ kind: z.literal('log'), pattern: regex }),
]);

const console = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rcon'), port: portNumber, passwordEnv: envName }),
  z.strictObject({ kind: z.literal('stdin') }),
  z.strictObject({ kind: z.literal('none') }),
]);

/** A template file. Keys that nobody knows are faults: most of them are misspelt. */
export const templateSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be of lower case letters, digits and single dashes'),
    name: z.string().min(1),
    description: z.string().min(1),
    game: z.string().min(1),
    image: z.string().regex(/^[a-z0-9][a-z0-9._/:-]*$/, 'must be an image without tag'),
    imageTag: z.string().regex(/^[\w][\w.-]{0,127}$/),
    build: z.enum(recipeNames).optional(),
    ramMb: z.strictObject({ min: z.int().min(32), default: z.int() }),
    ports: z.array(port).min(1),
    dataPath: z.string().startsWith('/'),
    user: z.string(),
    capabilities: z.array(z.string().regex(/^[A-Z_]+$/)),
    pidsLimit: z.int().min(16).max(32_768),
    env: z.record(envName, z.string()),
    variables: z.array(variable),
    eula: z.strictObject({ variable: envName, value: z.string(), url: z.url() }).optional(),
    readiness,
    bootSeconds: seconds,
    console,
    stop: z.strictObject({
      announce: z.string().includes('{message}').optional(),
      save: z.array(z.string().min(1)),
      signal,
      graceSeconds: seconds,
    }),
    cleanExitCodes: z.array(z.int().min(0).max(255)).default([...CLEAN_EXIT_CODES]),
    worldMarks: z.array(worldMark).min(1),
  })
  .superRefine((template, context) => {
    for (const { path, message } of misfits(template)) context.addIssue({ code: 'custom', path: [...path], message });
  }) satisfies z.ZodType<Template>;

interface Misfit {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function* misfits(template: Template): Generator<Misfit> {
  const portNames = template.ports.map(({ name }) => name);
  const variables = new Map(template.variables.map((variable) => [variable.name, variable]));
  const reserved = new Set([...Object.keys(template.env), ...template.ports.flatMap(({ env }) => env ?? [])]);

  for (const [index, name] of portNames.entries()) {
    if (portNames.indexOf(name) !== index)
      yield { path: ['ports', index, 'name'], message: `'${name}' is there twice` };
  }
  for (const [index, { name, pattern, default: value }] of template.variables.entries()) {
    const path = ['variables', index];
    if (template.variables.findIndex((other) => other.name === name) !== index) {
      yield { path: [...path, 'name'], message: `'${name}' is there twice` };
    }
    if (reserved.has(name)) yield { path: [...path, 'name'], message: `'${name}' is set by 'env' or a port` };
    if (pattern && isRegex(pattern) && value !== undefined && !matches(pattern, value)) {
      yield { path: [...path, 'default'], message: `does not match ${pattern}` };
    }
  }
  for (const [name, value] of Object.entries(template.env)) {
    for (const [whole, fact = ''] of value.matchAll(PLACEHOLDER)) {
      const known = ['ram_mb', 'heap_mb', ...portNames.map((port) => `port.${port}`)];
      if (!known.includes(fact)) yield { path: ['env', name], message: `nothing fills ${whole} in` };
    }
  }
  if (template.ramMb.default < template.ramMb.min)
    yield { path: ['ramMb', 'default'], message: 'is below the minimum' };
  if ('port' in template.readiness && !portNames.includes(template.readiness.port)) {
    yield { path: ['readiness', 'port'], message: `there is no port '${template.readiness.port}'` };
  }
  if (template.eula && !variables.has(template.eula.variable)) {
    yield { path: ['eula', 'variable'], message: `there is no variable '${template.eula.variable}'` };
  }
  if (template.console.kind === 'rcon' && !variables.get(template.console.passwordEnv)?.secret) {
    yield { path: ['console', 'passwordEnv'], message: 'must be a variable that is secret' };
  }
  if (template.console.kind === 'none' && (template.stop.announce || template.stop.save.length > 0)) {
    yield { path: ['stop'], message: 'announces or saves through a console that is not there' };
  }
}

/** Whether the whole value matches. */
export function matches(pattern: string, value: string): boolean {
  return new RegExp(`^(?:${pattern})$`, 'u').test(value);
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
