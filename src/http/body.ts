import type { IncomingMessage } from 'node:http';
import { bodyParser } from '@koa/bodyparser';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { Context } from 'koa';
import { errors, invalidRequest } from './errors.ts';

/**
 * Reads a JSON body of at most `limitBytes`. Gives `undefined` when there is none.
 * Throws `too_large`, `unsupported_media_type`, and `invalid_request` that says where the JSON breaks.
 */
export function bodyReader(limitBytes: number): (ctx: Context) => Promise<unknown> {
  const parseJson = bodyParser({
    enableTypes: ['json'],
    jsonLimit: limitBytes,
    parsedMethods: ['POST', 'PATCH', 'DELETE'],
    onError: (thrown, ctx) => {
      throw explain(thrown, limitBytes, ctx.get('content-encoding'));
    },
  });
  return async (ctx) => {
    if (!hasBody(ctx.req)) return undefined;
    if (!ctx.is('application/json')) {
      throw errors.unsupported_media_type({ content_type: ctx.get('content-type') || 'nothing' });
    }
    await parseJson(ctx, async () => {});
    return ctx.request.rawBody?.trim() ? ctx.request.body : undefined;
  };
}

/** RFC 9112, 6.3: a request has a body if it says how long it is or that it comes in chunks. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** What the parser throws, by the fields that raw-body and co-body set. */
interface ParserFault {
  readonly type?: string;
  readonly status?: number;
  readonly body?: string;
}

function explain(thrown: Error & ParserFault, limitBytes: number, encoding: string): Error {
  if (thrown.type === 'entity.too.large') return errors.too_large({ limit_bytes: limitBytes });
  if (thrown.type === 'request.aborted' || thrown.type === 'request.size.invalid') {
    return invalidRequest([{ path: 'body', message: 'the connection ended before the body did' }]);
  }
  if (thrown.body !== undefined) {
    return invalidRequest([{ path: 'body', message: `is not a JSON object${whereItBreaks(thrown.body)}` }]);
  }
  if (encoding) {
    return invalidRequest([{ path: 'header.content-encoding', message: `the body is not valid ${encoding}` }]);
  }
  return thrown;
}

/** V8 does not always say where; this parser does. */
function whereItBreaks(text: string): string {
  const faults: ParseError[] = [];
  try {
    parse(text, faults, { disallowComments: true });
  } catch {
    return ': it is nested too deep';
  }
  const [first] = faults;
  if (first === undefined) return '';
  const before = text.slice(0, first.offset).split('\n');
  const what = printParseErrorCode(first.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return `: ${what} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
