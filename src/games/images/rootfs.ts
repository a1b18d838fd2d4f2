/**
 * The files of an image without a distribution: the Node that runs Baton, the shared libraries it is linked with, the
 * pruned packages and the recipe's script.
 */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Pack, pack as tarPack } from 'tar-stream';

/** Every image of one recipe has the same bytes, so no file tells when it was made. */
const MTIME = new Date(0);
const GAME_UID = 1000;

/** glibc answers names from here; Docker brings `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` itself. */
const ETC = {
  passwd: `root:x:0:0:root:/:/sbin/nologin\ngame:x:${GAME_UID}:${GAME_UID}:game:/tmp:/sbin/nologin\n`,
  group: `root:x:0:\ngame:x:${GAME_UID}:\n`,
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** A tar that is written while it is read. */
export interface Rootfs {
  /** What goes wrong while writing is an `error` of the stream. */
  readonly stream: Readable;
  /** How much has been read so far. */
  bytes(): number;
}

/**
 * The root filesystem of an image.
 *
 * @param tree the folder with the pruned `node_modules`
 * @param script the image's script, put at `/app/server.mjs`
 */
export function rootfs(tree: string, script: string, signal: AbortSignal): Rootfs {
  const pack = tarPack();
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  // Errors reach whoever reads, as errors of the stream.
  pipeline(pack, stream, { signal }).catch(() => {});
  fill(pack, tree, script).then(
    () => pack.finalize(),
    (error) => stream.destroy(error),
  );
  return { stream, bytes: () => bytes };
}

async function fill(pack: Pack, tree: string, script: string): Promise<void> {
  const folders = new Set<string>();
  const folder = (path: string, mode = 0o755, uid = 0) => {
    if (path === '.' || path === '/' || folders.has(path)) return;
    folder(posix.dirname(path));
    folders.add(path);
    pack.entry({ name: path, type: 'directory', mode, uid, gid: uid, mtime: MTIME });
  };
  const file = async (source: string, name: string, mode = 0o644) => {
    folder(posix.dirname(name));
    const { size } = await stat(source);
    await pipeline(createReadStream(source), pack.entry({ name, size, mode, mtime: MTIME }));
  };

  folder('tmp', 0o1777);
  folder('data', 0o755, GAME_UID);
  folder('etc');
  for (const [name, text] of Object.entries(ETC)) pack.entry({ name: `etc/${name}`, mtime: MTIME }, text);
  await file(process.execPath, 'usr/local/bin/node', 0o755);
  for (const library of await sharedLibraries(process.execPath)) await file(library, library.slice(1), 0o755);
  await file(script, 'app/server.mjs');
  for await (const path of filesBelow(join(tree, 'node_modules'))) {
    await file(path, posix.join('app', relative(tree, path)));
  }
}

/**
 * Absolute paths of the libraries and of the loader itself, as `ldd` names them. Node carries its own ICU and OpenSSL;
 * where a distribution's Node links those, they are on the list, too.
 */
async function sharedLibraries(binary: string): Promise<readonly string[]> {
  if (process.platform !== 'linux') throw new Error(`images can be built on Linux only, not on ${process.platform}`);
  const { stdout } = await promisify(execFile)('ldd', [binary]);
  const missing = stdout.split('\n').find((line) => line.includes('not found'));
  if (missing) throw new Error(`Node's library is missing on this machine: ${missing.trim()}`);
  return [...new Set(stdout.match(/\/\S+(?= \(0x)/g) ?? [])];
}

/** Regular files only: the links in `.bin` are for developers. In a fixed order, so that the tar is the same each time. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
