/** How far a pull is, out of what Docker says of each layer. */
import type { PullProgress } from '../../conductor/interfaces/engine.ts';

/** One line of Docker's answer to a pull. */
export interface LayerReport {
  /** The layer; absent or the tag for lines about the whole image. */
  readonly id?: string | undefined;
  readonly status?: string | undefined;
  readonly progressDetail?: { readonly current?: number | undefined; readonly total?: number | undefined } | undefined;
}

/** Unpacking takes about as long as the last third of a download on the disks of game servers. */
const DOWNLOAD_SHARE = 0.7;

/**
 * Folds reports into a fraction that never falls. All layers count the same, because Docker tells a layer's size only
 * when its download begins; weighing them would make the fraction jump back.
 */
export function createPullProgress(): (report: LayerReport) => PullProgress {
  const layers = new Map<string, number>();
  let highest: number | null = null;
  return (report) => {
    const done = layerFraction(report);
    if (report.id !== undefined && done !== null) layers.set(report.id, done);
    if (layers.size > 0) {
      const sum = [...layers.values()].reduce((total, each) => total + each, 0);
      highest = Math.max(highest ?? 0, sum / layers.size);
    }
    return { fraction: highest, message: report.status ?? 'Pulling' };
  };
}

/** Null for a line that is not about a layer. */
function layerFraction({ status, progressDetail }: LayerReport): number | null {
  const { current = 0, total = 0 } = progressDetail ?? {};
  const part = total > 0 ? Math.min(current / total, 1) : 0;
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return 0;
    case 'Downloading':
      return part * DOWNLOAD_SHARE;
    case 'Verifying Checksum':
    case 'Download complete':
      return DOWNLOAD_SHARE;
    case 'Extracting':
      return DOWNLOAD_SHARE + part * (1 - DOWNLOAD_SHARE);
    case 'Pull complete':
    case 'Already exists':
      return 1;
    default:
      return null;
  }
}
