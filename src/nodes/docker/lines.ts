/**
 * Byte streams of Docker as lines of text: newline-delimited JSON (events, pulls) and the output of containers.
 */
import { type Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import type Docker from 'dockerode';

/** A longer line is cut here, so that a game that never ends its line cannot fill our memory. */
const MAX_LINE_CHARS = 16_384;

/**
 * Calls `onLine` for each line without its end, until the stream ends. A last line without a newline counts.
 * Rejects when the stream breaks; `onLine` is called in order and never again afterwards.
 */
export async function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const lines = splitter(onLine);
  stream.on('data', lines.write);
  await finished(stream);
  lines.end();
}

/**
 * As {@link readLines} for a container's output, in which Docker mixes stdout and stderr as frames. A line of one is not
 * torn apart by the other.
 */
export async function readOutput(
  docker: Docker,
  stream: NodeJS.ReadableStream | Readable,
  onLine: (line: string) => void,
): Promise<void> {
  const outputs = [splitter(onLine), splitter(onLine)] as const;
  docker.modem.demuxStream(stream, sink(outputs[0].write), sink(outputs[1].write));
  await finished(stream);
  for (const output of outputs) output.end();
}

function splitter(onLine: (line: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const emit = (line: string) => onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  return {
    write(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) emit(line);
      for (; rest.length > MAX_LINE_CHARS; rest = rest.slice(MAX_LINE_CHARS)) emit(rest.slice(0, MAX_LINE_CHARS));
    },
    end() {
      rest += decoder.end();
      if (rest !== '') emit(rest);
      rest = '';
    },
  };
}

const sink = (write: (chunk: Buffer) => void): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      write(chunk);
      done();
    },
  });
