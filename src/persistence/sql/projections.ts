import { projectNode } from './project-node.ts';
import { projectNodeReservations } from './project-node-reservations.ts';
import { projectQueue } from './project-queue.ts';
import { projectServer } from './project-server.ts';
import type { ProjectionStatement } from './projection.ts';

/** Every read model that a turn can write, by name. */
export const projections: ReadonlyMap<string, ProjectionStatement> = new Map(
  [projectServer, projectNode, projectNodeReservations, projectQueue].map((statement) => [statement.name, statement]),
);
