/** Carries HTTP to a machine's Docker through a channel each, over the one connection to the machine. */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';

/** As many as wait for the next call; a burst opens more and closes them again. */
const IDLE_CHANNELS = 4;

/** @param dial opens a channel to Docker's socket; what it throws is what the call throws */
export function createDockerAgent(dial: () => Promise<Duplex>): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: IDLE_CHANNELS });
  agent.createConnection = (_options, opened) => {
    dial().then(
      (stream) => opened?.(null, stream),
      (thrown: unknown) => opened?.(asEngineError(thrown), undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

function asEngineError(thrown: unknown): Error {
  if (thrown instanceof BatonError && thrown.code === errors.forwarding_failed.code) {
    return errors.engine_unavailable({ reason: `nothing answers at ${thrown.details.to} of the machine` });
  }
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
