/** From the environment to the values of a tree of settings, with every fault told at once. */
import { distance } from 'fastest-levenshtein';
import { errors } from './errors.ts';
import { isSetting, type Setting, type SettingTree, type Values } from './setting.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One setting as it stands. */
export interface SettingLine {
  /** Path in the settings object, such as `http.port`. */
  readonly name: string;
  readonly env: string;
  /** As text; `********` for a secret, null when absent. */
  readonly value: string | null;
  readonly fallback: string | null;
  readonly range: string;
  readonly reason: string;
  readonly source: 'environment' | 'default';
}

export interface LoadedSettings<T> {
  readonly values: Values<T>;
  readonly lines: readonly SettingLine[];
}

/**
 * Reads a tree. An empty variable counts as absent, which is what `docker compose` and unit files make of unset ones.
 * @throws `invalid_settings`
 */
export function readSettings<const T extends SettingTree>(tree: T, environment: Environment): LoadedSettings<T> {
  const lines: SettingLine[] = [];
  const faults: string[] = [];
  const known: string[] = [];

  const one = (setting: Setting<unknown>, name: string): unknown => {
    known.push(setting.env);
    const given = environment[setting.env] || null;
    const raw = given ?? setting.fallback;
    const { env, fallback, range, reason, secret } = setting;
    const value = raw !== null && secret ? '********' : raw;
    lines.push({ name, env, value, fallback, range, reason, source: given === null ? 'default' : 'environment' });
    if (raw === null) return null;
    const parsed = setting.schema.safeParse(raw);
    if (parsed.success) return parsed.data;
    faults.push(`${env} is ${secret ? 'set to something else' : JSON.stringify(raw)}, but it must be ${range}.`);
    return null;
  };
  const walk = (node: SettingTree, path: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(node).map(([key, child]) => [
        key,
        isSetting(child) ? one(child, `${path}${key}`) : walk(child, `${path}${key}.`),
      ]),
    );

  const values = walk(tree, '') as Values<T>;
  faults.push(...unknownVariables(environment, known));
  if (faults.length > 0) throw errors.invalid_settings({ faults: faults.map((fault) => `  ${fault}`).join('\n') });
  return { values, lines };
}

/** A misspelt variable would otherwise be ignored, and the operator would believe that it holds. */
function unknownVariables(environment: Environment, known: readonly string[]): string[] {
  const ours = known.filter((name) => name.startsWith('BATON_'));
  return Object.keys(environment)
    .filter((name) => name.startsWith('BATON_') && !known.includes(name))
    .map((name) => {
      const nearest = ours.toSorted((a, b) => distance(name, a) - distance(name, b))[0];
      return `${name} is not a setting of Baton; did you mean ${nearest}?`;
    });
}
