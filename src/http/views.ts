/** From the rows of the conductor to the things of the API, still with inside names: `wire.ts` changes those. */
import type { ActorView, Address, LiveEvent, Operation } from '../actors/types.ts';
import type { Template } from '../conductor/interfaces/games.ts';
import type {
  ActorRow,
  DeadLetter,
  JournalRow,
  NodeRow,
  PageRequest,
  ServerRow,
} from '../conductor/interfaces/reads.ts';
import type { FleetNode } from '../conductor/types.ts';
import { maskDeep, maskEnv, type SecretNames } from './mask.ts';
import { camelName, snakeDeep } from './wire.ts';

/** `server/0199…` → kind and id. */
export function subject(address: Address): { kind: string; id: string } {
  const slash = address.indexOf('/');
  return { kind: address.slice(0, slash), id: address.slice(slash + 1) };
}

/** RAM in MB of the tiers, from money.md; every other size is `custom`. */
const TIERS = new Map([
  [2048, 'micro' as const],
  [4096, 'small' as const],
  [8192, 'medium' as const],
  [16_384, 'large' as const],
  [32_768, 'xlarge' as const],
]);

export function serverView(row: ServerRow, secretNames: SecretNames) {
  return {
    ...row,
    env: maskEnv(row.env, secretNames(row.template)),
    tier: TIERS.get(row.ramMb) ?? ('custom' as const),
    operation: row.operationId,
    lastError: row.lastError && { ...row.lastError, at: new Date(row.lastError.at) },
    exit: row.exit && { ...row.exit, at: new Date(row.exit.at) },
  };
}

export function nodeView(node: NodeRow) {
  const { ssh, fence, lastError, ...row } = node;
  return {
    ...row,
    hostname: ssh?.hostname ?? null,
    sshUser: ssh?.user ?? null,
    sshPort: ssh?.port ?? null,
    operation: row.operationId,
    fence: fence && { ...fence, at: new Date(fence.at) },
    lastError: lastError && { ...lastError, at: new Date(lastError.at) },
  };
}

/** With what its servers hold of it. */
export const fleetNodeView = (node: FleetNode) => ({ ...node, ...nodeView(node) });

export const operationView = (operation: Operation) => ({ ...operation, target: subject(operation.target) });

export const turnView = (row: JournalRow) => ({ ...row, actor: subject(row.address) });

export const actorSummary = (row: ActorRow) => ({ ...row, id: subject(row.address).id });

export const actorView = (view: ActorView, secretNames: SecretNames) => ({
  ...view,
  ...subject(view.address),
  context: snakeDeep(maskDeep(view.context, secretNames)),
});

export const deadLetterView = (letter: DeadLetter, secretNames: SecretNames) => ({
  ...letter,
  actor: subject(letter.address),
  event: snakeDeep(maskDeep(letter.event, secretNames)) as Record<string, unknown>,
});

export const templateView = (template: Template) => ({
  ...template,
  builtHere: template.build !== undefined,
  eula: template.eula ?? null,
  readiness: template.readiness.kind,
  console: template.console.kind,
  graceSeconds: template.stop.graceSeconds,
});

/** The envelope of a live event. What was never numbered is not in the event log: its `seq` is null. */
export const eventView = (event: LiveEvent, secretNames: SecretNames) => ({
  seq: event.seq > 0 ? event.seq : null,
  type: event.type,
  at: event.at,
  subject: event.subject,
  data: snakeDeep(maskDeep(event.data, secretNames)) as Record<string, unknown>,
});

interface PageQuery {
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly cursor?: string | undefined;
  readonly sort?: string | undefined;
}

/** The paging part of a list's query, as reads take it. */
export const pageRequest = ({ limit, offset, cursor, sort }: PageQuery): PageRequest => ({
  limit,
  ...(offset !== undefined && { offset }),
  ...(cursor !== undefined && { cursor }),
  ...(sort !== undefined && { sort: camelName(sort) }),
});

/** A page with each item turned into its view. */
export const pageView = <T, V>(
  page: { readonly items: readonly T[]; readonly total: number; readonly nextCursor: string | null },
  view: (item: T) => V,
) => ({ ...page, items: page.items.map(view) });
