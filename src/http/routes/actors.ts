import { z } from 'zod';
import { errors } from '../errors.ts';
import { Nothing, type Route, route } from '../route.ts';
import { Actor, ActorSummary, DeadLetter, Machine, Turn } from '../schemas/actor.ts';
import { Flag, Id, pageOf, paging, sortBy } from '../schemas/common.ts';
import { actorSummary, actorView, deadLetterView, pageRequest, pageView, turnView } from '../views.ts';
import { type RouteDeps, requireAdmin } from './deps.ts';

const Kind = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, 'is not the name of a kind')
  .meta({ example: 'server' });
const ActorId = z.string().regex(/^[\w.:-]{1,200}$/, 'is not the id of an actor');
const which = { kind: Kind, id: ActorId };

/** Statecharts and the actors that live by them: for operators and the visualizer. */
export const actorRoutes = (deps: RouteDeps): Route[] => [...machines(deps), ...actors(deps), ...deadLetters(deps)];

const machines = ({ conductor }: RouteDeps): Route[] => [
  route({
    id: 'listMachines',
    tag: 'Actors',
    method: 'get',
    path: '/api/machines',
    summary: 'The statecharts',
    status: 200,
    response: pageOf(Machine),
    handle() {
      const items = conductor.machines();
      return { body: { items, total: items.length, nextCursor: null } };
    },
  }),
  route({
    id: 'getMachine',
    tag: 'Actors',
    method: 'get',
    path: '/api/machines/{kind}',
    summary: 'One statechart',
    params: { kind: Kind },
    status: 200,
    response: Machine,
    errors: ['not_found'],
    handle({ params: { kind } }) {
      const machine = conductor.machines().find((one) => one.kind === kind);
      if (machine === undefined) throw errors.not_found({ kind: 'machine', id: kind });
      return { body: machine };
    },
  }),
];

const actors = ({ conductor, secretNames }: RouteDeps): Route[] => [
  route({
    id: 'listActors',
    tag: 'Actors',
    method: 'get',
    path: '/api/actors',
    summary: 'List actors',
    query: {
      kind: Kind.optional(),
      quarantined: Flag.optional().meta({ description: 'Only those that are, or are not, quarantined.' }),
      ...paging,
      ...sortBy('kind', 'status', 'updated_at'),
    },
    status: 200,
    response: pageOf(ActorSummary),
    async handle({ query, principal }) {
      requireAdmin(principal);
      const filter = {
        ...(query.kind && { kind: query.kind }),
        ...(query.quarantined !== undefined && { quarantined: query.quarantined }),
      };
      return { body: pageView(await conductor.reads.actors(filter, pageRequest(query)), actorSummary) };
    },
  }),
  route({
    id: 'getActor',
    tag: 'Actors',
    method: 'get',
    path: '/api/actors/{kind}/{id}',
    summary: 'One actor, as it is right now',
    params: which,
    status: 200,
    response: Actor,
    errors: ['not_found'],
    async handle({ params: { kind, id }, principal }) {
      requireAdmin(principal);
      return { body: actorView(await conductor.actor(`${kind}/${id}`), secretNames) };
    },
  }),
  route({
    id: 'listTurns',
    tag: 'Actors',
    method: 'get',
    path: '/api/actors/{kind}/{id}/turns',
    summary: 'Its committed turns',
    params: which,
    query: { ...paging, ...sortBy('seq', 'at') },
    status: 200,
    response: pageOf(Turn),
    async handle({ params: { kind, id }, query, principal }) {
      requireAdmin(principal);
      return { body: pageView(await conductor.reads.journal(`${kind}/${id}`, pageRequest(query)), turnView) };
    },
  }),
  route({
    id: 'resumeActor',
    tag: 'Actors',
    method: 'post',
    path: '/api/actors/{kind}/{id}/resume',
    summary: 'Let a quarantined actor go on',
    params: which,
    status: 204,
    response: Nothing,
    errors: ['not_found'],
    async handle({ params: { kind, id }, principal, caller }) {
      requireAdmin(principal);
      await conductor.resumeActor(`${kind}/${id}`, caller());
      return { body: undefined };
    },
  }),
];

const deadLetters = ({ conductor, secretNames }: RouteDeps): Route[] => [
  route({
    id: 'listDeadLetters',
    tag: 'Actors',
    method: 'get',
    path: '/api/dead-letters',
    summary: 'Messages whose handling failed too often',
    query: { ...paging, ...sortBy('at', 'attempts') },
    status: 200,
    response: pageOf(DeadLetter),
    async handle({ query, principal }) {
      requireAdmin(principal);
      const page = await conductor.reads.deadLetters(pageRequest(query));
      return { body: pageView(page, (letter) => deadLetterView(letter, secretNames)) };
    },
  }),
  settle('retry', 'Deliver it again', (id, caller) => conductor.retryDeadLetter(id, caller)),
  settle('discard', 'Forget it', (id, caller) => conductor.discardDeadLetter(id, caller)),
];

const settle = (verb: 'retry' | 'discard', summary: string, act: RouteDeps['conductor']['retryDeadLetter']): Route =>
  route({
    id: `${verb}DeadLetter`,
    tag: 'Actors',
    method: 'post',
    path: `/api/dead-letters/{id}/${verb}`,
    summary,
    params: { id: Id },
    status: 204,
    response: Nothing,
    errors: ['not_found'],
    async handle({ params, principal, caller }) {
      requireAdmin(principal);
      await act(params.id, caller());
      return { body: undefined };
    },
  });
