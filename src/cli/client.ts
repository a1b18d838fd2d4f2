import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from './errors.ts';
import type { Problem } from './wire.ts';

/** A refusal of Baton, as the problem document that it sent. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export interface Client {
  readonly url: string;
  /** Null when none was found; Baton will say that it needs one. */
  readonly token: string | null;
  /**
   * Sends a request and gives the parsed answer; the caller says what it is.
   * Throws {@link Refusal}, `unreachable`, `unexpected_answer`.
   */
  request<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Baton itself listens there unless it is told otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:8080';

/** A client of the Baton at `BATON_URL`, with the token of `BATON_TOKEN` or of the data directory. */
export async function connect(environment: Environment = process.env): Promise<Client> {
  const url = (environment.BATON_URL || DEFAULT_URL).replace(/\/+$/, '');
  if (!URL.canParse(url)) throw errors.bad_argument({ reason: `BATON_URL is not a URL: ${url}` });
  const token = environment.BATON_TOKEN || (await tokenFile(environment.BATON_DATA_DIR || './.baton'));

  return {
    url,
    token,
    async request<T>(method: string, path: string, { body, query = {}, headers = {} }: RequestOptions = {}) {
      const target = new URL(url + path);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) target.searchParams.set(name, String(value));
      }
      const response = await fetch(target, {
        method,
        headers: {
          accept: 'application/json',
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }).catch((thrown: unknown) => {
        throw errors.unreachable({ url }, { cause: thrown });
      });
      return (await parsed(response, url)) as T;
    },
  };
}

async function parsed(response: Response, url: string): Promise<unknown> {
  if (response.status === 204) return undefined;
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const content: unknown = isJson ? await response.json().catch(() => undefined) : undefined;
  if (content === undefined) throw errors.unexpected_answer({ url, reason: `status ${response.status} without JSON` });
  if (response.ok) return content;
  if (!isProblem(content)) throw errors.unexpected_answer({ url, reason: `status ${response.status}` });
  throw new Refusal(content);
}

const isProblem = (content: unknown): content is Problem =>
  typeof content === 'object' && content !== null && 'code' in content && 'detail' in content;

const tokenFile = (dataDir: string): Promise<string | null> =>
  readFile(join(dataDir, 'admin-token'), 'utf8').then(
    (text) => text.trim() || null,
    () => null,
  );
