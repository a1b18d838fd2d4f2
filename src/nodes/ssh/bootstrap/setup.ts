/** What the steps of a bootstrap share. */
import type { BatonError } from '../../../errors.ts';
import { errors } from '../../errors.ts';
import type { SshLimits } from '../../limits.ts';
import type { SshConnection } from '../connection.ts';

export interface BootstrapOptions {
  readonly privateKey: string;
  readonly root: string;
  readonly dockerHost: string;
  readonly dockerSocket: string;
  readonly limits: SshLimits;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** What the steps work with. */
export interface Setup extends BootstrapOptions {
  readonly connection: SshConnection;
}

/**
 * What a step throws when only the machine's owner can go on.
 * @param title what was being done; @param advice whole sentences
 */
export const stoppedAt = (title: string, reason: string, advice: string): BatonError =>
  errors.bootstrap_failed({ title, reason, advice });
