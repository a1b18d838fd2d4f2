/**
 * Secrets do not leave the house: the values of a template's secret variables are shown as {@link MASK}.
 */

/** Stands for a secret. Sent back in a change, it means "leave it as it is". */
export const MASK = '••••••';

/** Which variables of a template are secret. */
export type SecretNames = (template: string) => Secrets;
type Secrets = Pick<ReadonlySet<string>, 'has'>;

const EVERYTHING: Secrets = { has: () => true };

/** Where a template is unknown (it was removed since), nobody can say what is secret: then everything is. */
export const cautious =
  (secretNames: SecretNames): SecretNames =>
  (template) => {
    try {
      return secretNames(template);
    } catch {
      return EVERYTHING;
    }
  };

type Env = Readonly<Record<string, string>>;

export function maskEnv(env: Env, secrets: Secrets): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, secrets.has(name) ? MASK : value]));
}

/** Drops variables whose value is the mask: the caller sent back what it was shown. */
export function withoutMasks<V>(env: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== MASK));
}

/**
 * Masks wherever an `env` stands in a statechart's context or in a stored event. Beside a `template` the template says
 * what is secret; without one every value is masked, since nobody can say.
 */
export function maskDeep(value: unknown, secrets: SecretNames): unknown {
  if (Array.isArray(value)) return value.map((inner) => maskDeep(inner, secrets));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const { template } = value as { template?: unknown };
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== 'env' || typeof inner !== 'object' || inner === null) return [key, maskDeep(inner, secrets)];
      const names = typeof template === 'string' ? secrets(template) : EVERYTHING;
      return [key, maskEnv(inner as Env, names)];
    }),
  );
}
