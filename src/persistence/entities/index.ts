import { Account } from './account.ts';
import { Actor } from './actor.ts';
import { DeadLetter } from './dead-letter.ts';
import { Effect } from './effect.ts';
import { JournalEntry } from './journal-entry.ts';
import { LiveEvent } from './live-event.ts';
import { Message } from './message.ts';
import { Node } from './node.ts';
import { NodeKey } from './node-key.ts';
import { Operation } from './operation.ts';
import { Port } from './port.ts';
import { Reservation } from './reservation.ts';
import { Server } from './server.ts';
import { Shard } from './shard.ts';
import { StashedCommand } from './stashed-command.ts';
import { Timer } from './timer.ts';

export {
  Account,
  Actor,
  DeadLetter,
  Effect,
  JournalEntry,
  LiveEvent,
  Message,
  Node,
  NodeKey,
  Operation,
  Port,
  Reservation,
  Server,
  Shard,
  StashedCommand,
  Timer,
};

/** Every table. */
export const entities = [
  Account,
  Node,
  NodeKey,
  Server,
  Port,
  Reservation,
  Shard,
  Actor,
  JournalEntry,
  Timer,
  Effect,
  Message,
  Operation,
  StashedCommand,
  DeadLetter,
  LiveEvent,
] as const;
