import { projectNode } from './project-node.ts';
import { projectNodeReservations } from './project-node-reservations.ts';
import { projectServer } from './project-server.ts';
import type { ProjectionStatement } from './projection.ts';

/** Every read model that a turn can write, by name. */
export const projections: ReadonlyMap<string, ProjectionStatement> = new Map(
  [projectServer, projectNode, projectNodeReservations].map((statement) => [statement.name, statement]),
);
