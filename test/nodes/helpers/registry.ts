/** A registry on loopback, which Docker trusts without TLS: one image of one layer, and a layer that never arrives. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface Registry {
  /** `127.0.0.1:<port>`; holds `game:1` (whole) and `game:stuck` (its layer stalls half way). */
  readonly address: string;
  /** Resolves once somebody waits for the stuck layer. */
  readonly stuck: Promise<void>;
  close(): Promise<void>;
}

const digestOf = (data: Buffer) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** @param seed makes layers, and so images, that no other run has */
export async function openRegistry(seed: string): Promise<Registry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const put = (data: Buffer) => {
    blobs.set(digestOf(data), data);
    return { size: data.length, digest: digestOf(data) };
  };
  const publish = async (tag: string): Promise<string> => {
    const tar = pack();
    tar.entry({ name: 'hello' }, `${seed} ${tag}`.repeat(50_000));
    tar.finalize();
    const plain = await buffer(tar);
    const layer = put(gzipSync(plain));
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const config = put(
      Buffer.from(
        JSON.stringify({
          architecture,
          os: 'linux',
          config: {},
          rootfs: { type: 'layers', diff_ids: [digestOf(plain)] },
        }),
      ),
    );
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...config },
        layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', ...layer }],
      }),
    );
    for (const name of [tag, digestOf(manifest)]) manifests.set(name, manifest);
    return layer.digest;
  };
  await publish('1');
  const stuckLayer = await publish('stuck');
  const stuck = Promise.withResolvers<void>();

  const server = createServer((request, response) => {
    const [, kind, name = ''] = /\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    if (request.url === '/v2/') return response.end('{}');
    const data = kind === 'blobs' ? blobs.get(name) : manifests.get(name);
    if (data === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      return response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    }
    response.writeHead(200, {
      'content-type': kind === 'blobs' ? 'application/octet-stream' : MANIFEST,
      'content-length': data.length,
      'docker-content-digest': digestOf(data),
    });
    if (name !== stuckLayer) return response.end(request.method === 'HEAD' ? undefined : data);
    response.write(data.subarray(0, data.length / 2));
    stuck.resolve();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    address: `127.0.0.1:${address.port}`,
    stuck: stuck.promise,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
