/** Where servers go. */
export { createDesks } from './desks.ts';
export { createFleet, type Fleet, type Room, type RoomRequest } from './fleet.ts';
export { followNodes } from './follow.ts';
export { createPicture, type FleetPicture, type KnownNode } from './picture.ts';
export { createFleetReads } from './reads.ts';
