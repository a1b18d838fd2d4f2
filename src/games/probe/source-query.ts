/**
 * Valve's A2S_INFO, which most Steam games answer. Since 2020 servers first send a challenge that the question must
 * repeat. https://developer.valvesoftware.com/wiki/Server_queries#A2S_INFO
 */
import type { GameStatus } from '../../conductor/interfaces/games.ts';
import { withUdp } from './udp.ts';

const HEADER = Buffer.from([0xff, 0xff, 0xff, 0xff]);
const QUESTION = Buffer.concat([HEADER, Buffer.from('TSource Engine Query\0', 'latin1')]);
const CHALLENGE = 'A'.charCodeAt(0);
const INFO = 'I'.charCodeAt(0);

/** Asks a server who is there. Throws an ordinary error when the answer makes no sense, or the signal's reason. */
export function sourceQuery(host: string, port: number, signal: AbortSignal): Promise<GameStatus> {
  return withUdp(host, port, signal, async (ask) => {
    const first = await ask(QUESTION);
    const answer = kindOf(first) === CHALLENGE ? await ask(Buffer.concat([QUESTION, first.subarray(5, 9)])) : first;
    return info(answer);
  });
}

function info(answer: Buffer): GameStatus {
  if (kindOf(answer) !== INFO) throw new Error('the answer is not an A2S_INFO response');
  // Header, kind and protocol; then name, map, folder and game; then the app id.
  let offset = 6;
  const text = () => {
    const end = answer.indexOf(0, offset);
    if (end === -1) throw new Error('the A2S_INFO response is cut off');
    const value = answer.toString('utf8', offset, end);
    offset = end + 1;
    return value;
  };
  for (let skipped = 0; skipped < 4; skipped++) text();
  const players = answer.readUInt8(offset + 2);
  const playersMax = answer.readUInt8(offset + 3);
  // App id, players, maximum, bots, kind of server, system, visibility, VAC; then the version.
  offset += 9;
  return { players, playersMax, playerNames: [], version: text() };
}

function kindOf(answer: Buffer): number | undefined {
  return answer.subarray(0, 4).equals(HEADER) ? answer[4] : undefined;
}
