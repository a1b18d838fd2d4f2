/**
 * The conductor: takes commands for servers, and knows what a reader of a single server may ask of its node. It keeps
 * nothing itself; what it decides is in the actors, what it reads is in the database.
 */
import { address, parseAddress } from '../actors/address.ts';
import type { Runtime } from '../actors/runtime.ts';
import type { ActorKind, Address, CommandOptions, Operation } from '../actors/types.ts';
import { changesOf, checkedTag, specOf } from './configure.ts';
import { machineDefinition } from './definition.ts';
import { errors } from './errors.ts';
import { createInside } from './inside.ts';
import type { FleetReads } from './interfaces/fleet.ts';
import type { Reads, ServerRow } from './interfaces/reads.ts';
import type { DeadLetterStore, NodeStore } from './interfaces/stores.ts';
import { createNodes } from './nodes.ts';
import type { ServerWorld } from './server/world.ts';
import type { Caller, Conductor, NodeView } from './types.ts';

export interface ConductorParts {
  readonly runtime: Runtime;
  readonly kinds: readonly ActorKind[];
  readonly world: ServerWorld;
  readonly reads: Reads;
  readonly fleet: FleetReads;
  readonly deadLetters: DeadLetterStore;
  readonly keys: Pick<NodeStore, 'saveKey'>;
  /** Makes a UUIDv7. */
  readonly newId: () => string;
  readonly node: NodeView;
  /** What a user should know about this installation, such as that no Docker engine was found. */
  readonly notes: readonly string[];
  /** What players are told to join. */
  readonly publicHost: string;
}

/** How long a command may take to be committed; beyond it the outcome is unknown to the caller. */
const COMMIT_TIMEOUT_MS = 15_000;

export function createConductor(parts: ConductorParts): Conductor {
  const { runtime, kinds, world, reads, deadLetters } = parts;
  const { actors, inspection } = runtime;
  const { games } = world;

  const serverAddress = (id: string): Address => address('server', id);

  const options = ({ principal, idempotencyKey, fingerprint, ifBusy, ifVersion }: Caller): CommandOptions => ({
    by: principal,
    idempotencyKey,
    fingerprint,
    ifBusy,
    ifSeq: ifVersion,
    timeoutMs: COMMIT_TIMEOUT_MS,
  });

  /** The server, if the caller may see it; what is not his does not exist for him. */
  async function visible(id: string, { principal }: Caller): Promise<ServerRow> {
    const row = await reads.server(id, { includeDeleted: true });
    if (row === null || (!principal.admin && row.ownerId !== principal.accountId)) {
      throw errors.not_found({ kind: 'server', id });
    }
    return row;
  }

  /**
   * Whether the caller may command the server. An operator always may; whether it exists is for its actor to say, since a
   * command that is repeated under its key must get its operation also when the server is purged by now.
   */
  async function mayCommand(id: string, caller: Caller): Promise<void> {
    if (!caller.principal.admin) await visible(id, caller);
  }

  async function serverOf(operation: Operation): Promise<ServerRow> {
    const { id } = parseAddress(operation.target);
    const row = await reads.server(id, { includeDeleted: true });
    if (row === null) throw errors.gone({ kind: 'server', id });
    return row;
  }

  const { console, ...inside } = createInside(world, reads, parts.publicHost);

  return {
    reads,
    fleet: parts.fleet,
    ...inside,
    ...createNodes({ ...parts, actors, options }),
    async readiness() {
      const reasons: string[] = [];
      await reads.ping().catch((error: Error) => reasons.push(error.message));
      if (!runtime.healthy()) reasons.push('The runtime waits for the database, or picks up what was under way.');
      return { ready: reasons.length === 0, reasons, notes: parts.notes, node: parts.node };
    },
    async createServer(request, caller) {
      const spec = specOf(games, request);
      const id = parts.newId();
      const input = { id, ownerId: caller.principal.accountId, spec, start: request.start ?? true };
      const operation = await actors.create(serverAddress(id), input, 'create', options(caller));
      return { operation, server: await serverOf(operation) };
    },
    async configureServer(id, request, caller) {
      const changes = changesOf(games, await visible(id, caller), request);
      return actors.command(serverAddress(id), { type: 'configure', ...changes }, options(caller));
    },
    async commandServer(id, command, body, caller) {
      await mayCommand(id, caller);
      if (body.imageTag !== undefined) checkedTag(games.template((await visible(id, caller)).template), body.imageTag);
      return actors.command(serverAddress(id), { type: command, ...body }, options(caller));
    },
    async exec(id, command, caller) {
      const row = await visible(id, caller);
      // Its journal says who asked for what; whether the console took it is only in the answer, and no operation claims it.
      await actors.ask(
        serverAddress(id),
        { type: 'exec', command },
        { by: caller.principal, timeoutMs: COMMIT_TIMEOUT_MS },
      );
      return { output: await console(row.id, command) };
    },
    async cancelOperation(id, caller) {
      const operation = await reads.operation(id);
      if (operation === null) throw errors.not_found({ kind: 'operation', id });
      await mayCommand(parseAddress(operation.target).id, caller);
      return actors.command(operation.target, { type: 'cancel', operationId: id }, { ...options(caller), cancels: id });
    },
    waitFor: (operationId, timeoutMs) => actors.waitFor(operationId, timeoutMs),
    templates: () => games.templates(),
    machines: () => kinds.map(machineDefinition),
    actor: (of) => actors.view(of),
    resumeActor: (of, { principal }) => actors.resume(of, principal),
    async retryDeadLetter(id) {
      const letter = await deadLetters.take(id, ({ address: to, event }) => actors.redeliver(to, event));
      if (letter === null) throw errors.not_found({ kind: 'dead letter', id });
    },
    async discardDeadLetter(id) {
      if (!(await deadLetters.discard(id))) throw errors.not_found({ kind: 'dead letter', id });
    },
    recentTurns: () => inspection.recent(),
    onEvent: (listener) => inspection.onEvent(listener),
  };
}
