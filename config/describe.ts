import type { SettingLine } from './read.ts';
import { readSettingsWithSource } from './settings.ts';

/**
 * Every setting as `baton config` prints it, in the order of `settings.ts`; secrets are masked.
 * @throws `invalid_settings`
 */
export function describeSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): readonly SettingLine[] {
  return readSettingsWithSource(environment).lines;
}
