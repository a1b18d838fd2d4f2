/** The control groups that a machine's Docker has made, which outlive its processes. */
import { readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** Of each hierarchy (one each with version 1), where it is there. */
async function placesOf(name: string): Promise<string[]> {
  const hierarchies = await readdir(ROOT);
  return [join(ROOT, name), ...hierarchies.map((hierarchy) => join(ROOT, hierarchy, name))];
}

/** Lets what is frozen take the signals that it was sent. */
export async function thaw(name: string): Promise<void> {
  for (const place of await placesOf(name)) {
    for (const directory of await below(place)) {
      await writeFile(join(directory, 'freezer.state'), 'THAWED', { flag: 'r+' }).catch(() => undefined);
      await writeFile(join(directory, 'cgroup.freeze'), '0', { flag: 'r+' }).catch(() => undefined);
    }
  }
}

/** Removes them once nothing runs in them any more. */
export async function removeGroups(name: string): Promise<void> {
  for (const place of await placesOf(name)) {
    for (const directory of (await below(place)).reverse()) await rmdir(directory).catch(() => undefined);
  }
}

/** The directory and all in it, parents first; none when it is not there. */
async function below(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => null);
  if (entries === null) return [];
  const children = entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
  return [directory, ...(await Promise.all(children.map(below))).flat()];
}
