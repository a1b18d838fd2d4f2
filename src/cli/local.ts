/** Commands that look at this machine instead of asking a running Baton. */
import { EXIT } from './errors.ts';
import { print, printJson, table } from './output.ts';

/** What this machine has and lacks. Answers the exit code. */
export async function doctor({ json }: { json?: boolean }): Promise<number> {
  const [{ loadSettings }, { diagnose }] = await Promise.all([
    import('../../config/settings.ts'),
    import('../setup/doctor.ts'),
  ]);
  const findings = await diagnose(loadSettings(process.env));
  if (json) printJson(findings);
  else {
    print(
      table(
        ['', 'CHECK', 'FOUND'],
        findings.map(({ name, ok, detail }) => [ok ? 'ok' : 'NO', name, detail]),
      ),
    );
    for (const { name, ok, fix } of findings) if (!ok && fix) print(`\n${name}: ${fix}`);
  }
  return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.refused;
}

/** Every setting with its value, range and reason. */
export async function config({ json }: { json?: boolean }): Promise<void> {
  const { describeSettings } = await import('../../config/describe.ts');
  const lines = describeSettings(process.env);
  if (json) return printJson(lines);
  for (const { env, value, fallback, range, reason, source } of lines) {
    print(`${env}=${value ?? ''}${source === 'environment' ? `   (default: ${fallback ?? 'none'})` : ''}`);
    print(`    ${range}. ${reason}`);
  }
}
