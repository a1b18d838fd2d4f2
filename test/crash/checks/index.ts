/** Everything that must hold once all is quiet. Each check says what is wrong in a sentence; none says nothing. */
import type { Evidence } from '../evidence.ts';
import { nothingMissed, statusChangesTold } from './events.ts';
import { containersAgree, networksAgree, settled, worldsKept } from './machine.ts';
import { answersKept, operationsEnded, resultsHold } from './operations.ts';
import { portsAgree, projectionsAgree, roomAgrees, startedAgrees } from './rows.ts';
import { handledOnce, journalWhole, nothingLeft } from './turns.ts';

const CHECKS = {
  operationsEnded,
  answersKept,
  resultsHold,
  settled,
  containersAgree,
  networksAgree,
  worldsKept,
  journalWhole,
  nothingLeft,
  handledOnce,
  projectionsAgree,
  startedAgrees,
  portsAgree,
  roomAgrees,
  statusChangesTold,
  nothingMissed,
} as const;

export const CHECK_NAMES: readonly string[] = Object.keys(CHECKS);

/** @param used servers whose worlds bear a mark */
export function violations(evidence: Evidence, used: readonly string[]): readonly string[] {
  return Object.entries(CHECKS).flatMap(([name, check]) =>
    [...check(evidence, used)].map((text) => `${name}: ${text}`),
  );
}
