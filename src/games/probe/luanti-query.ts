/**
 * Luanti's server list asks a server whether it lives by beginning to connect: an empty packet of a peer without number is
 * answered with a number, which is then given back. https://docs.luanti.org/for-engine-devs/network-protocol/
 */
import type { GameStatus } from '../../conductor/interfaces/games.ts';
import { withUdp } from './udp.ts';

const PROTOCOL_ID = 0x4f457403;
/** Protocol, peer 0 (none yet), channel 0, type "original" without content. */
const HELLO = Buffer.from('4f45740300000001', 'hex');
/** Where the answer holds what: type, then, in a reliable packet, control type, then the peer's number. */
const OFFSET = { type: 7, control: 10, controlType: 11, peer: 12 };
const TYPE_CONTROL = 0;
const TYPE_RELIABLE = 3;
const CONTROL_SET_PEER_ID = 1;
const CONTROL_DISCONNECT = 3;

/** Whether a server lives; Luanti tells strangers no more. Throws as the other queries do. */
export function luantiQuery(host: string, port: number, signal: AbortSignal): Promise<GameStatus> {
  return withUdp(host, port, signal, async (ask, socket) => {
    const answer = await ask(HELLO);
    const known =
      answer.length >= OFFSET.peer + 2 &&
      answer.readUInt32BE(0) === PROTOCOL_ID &&
      answer[OFFSET.type] === TYPE_RELIABLE &&
      answer[OFFSET.control] === TYPE_CONTROL &&
      answer[OFFSET.controlType] === CONTROL_SET_PEER_ID;
    if (!known) throw new Error('the answer is not in the Luanti protocol');
    const goodbye = Buffer.alloc(9);
    goodbye.writeUInt32BE(PROTOCOL_ID);
    answer.copy(goodbye, 4, OFFSET.peer, OFFSET.peer + 2);
    goodbye[OFFSET.type] = TYPE_CONTROL;
    goodbye[8] = CONTROL_DISCONNECT;
    await new Promise<void>((resolve) => socket.send(goodbye, () => resolve()));
    return { players: null, playersMax: null, playerNames: [], version: null };
  });
}
