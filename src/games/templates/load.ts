/** Reads the templates of a folder. All faults of all files are told at once. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseDocument } from 'yaml';
import type { Template } from '../../conductor/interfaces/games.ts';
import { errors } from '../errors.ts';
import { templateSchema } from './schema.ts';

/** Where and what: `zomboid.yaml: ports.0.protocol: …`. An empty path is the file itself. */
interface Fault {
  readonly file: string;
  readonly path: string;
  readonly message: string;
}

/**
 * All templates of a folder's `.yaml` files, by id.
 *
 * @throws `invalid_template` whose `faults` name file, path and fault
 */
export async function loadTemplates(folder: string): Promise<ReadonlyMap<string, Template>> {
  const files = (await filesOf(folder)).filter((file) => file.endsWith('.yaml')).sort();
  const templates = new Map<string, Template>();
  const faults: Fault[] = [];
  for (const file of files) {
    const result = parseTemplate(file, await readFile(join(folder, file), 'utf8'));
    if ('template' in result) templates.set(result.template.id, result.template);
    else faults.push(...result.faults);
  }
  if (faults.length > 0) {
    const lines = faults.map(({ file, path, message }) => `  ${[file, path, message].filter(Boolean).join(': ')}`);
    throw errors.invalid_template({ faults: lines.join('\n'), issues: faults });
  }
  return templates;
}

/** A folder that an operator has named may not be there. */
async function filesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const issues: readonly Fault[] = [{ file: folder, path: '', message }];
    throw errors.invalid_template({ faults: `  ${folder}: ${message}`, issues }, { cause: thrown });
  }
}

function parseTemplate(file: string, text: string): { template: Template } | { faults: readonly Fault[] } {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) {
    return { faults: document.errors.map(({ message }) => ({ file, path: '', message: message.trim() })) };
  }
  const { success, data, error } = templateSchema.safeParse(document.toJS());
  if (!success) return { faults: error.issues.map(({ path, message }) => ({ file, path: path.join('.'), message })) };
  const expected = basename(file, '.yaml');
  if (data.id !== expected) return { faults: [{ file, path: 'id', message: `must be '${expected}', as the file` }] };
  return { template: data };
}
