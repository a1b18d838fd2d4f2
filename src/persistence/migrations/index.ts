import { Migration0001Initial } from './Migration0001Initial.ts';
import { Migration0002Failover } from './Migration0002Failover.ts';
import { Migration0003Nodes } from './Migration0003Nodes.ts';
import { Migration0004Queue } from './Migration0004Queue.ts';
import { Migration0005ReservationsByNode } from './Migration0005ReservationsByNode.ts';
import { Migration0006PortsOfServers } from './Migration0006PortsOfServers.ts';
import { Migration0007NodeVersions } from './Migration0007NodeVersions.ts';
import { Migration0008PortsByNode } from './Migration0008PortsByNode.ts';
import { Migration0009GuardedNodes } from './Migration0009GuardedNodes.ts';

/** All migrations, oldest first. One that was released is never changed. */
export const migrations = [
  { name: 'Migration0001Initial', class: Migration0001Initial },
  { name: 'Migration0002Failover', class: Migration0002Failover },
  { name: 'Migration0003Nodes', class: Migration0003Nodes },
  { name: 'Migration0004Queue', class: Migration0004Queue },
  { name: 'Migration0005ReservationsByNode', class: Migration0005ReservationsByNode },
  { name: 'Migration0006PortsOfServers', class: Migration0006PortsOfServers },
  { name: 'Migration0007NodeVersions', class: Migration0007NodeVersions },
  { name: 'Migration0008PortsByNode', class: Migration0008PortsByNode },
  { name: 'Migration0009GuardedNodes', class: Migration0009GuardedNodes },
];
