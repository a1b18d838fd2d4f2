/** Asks Baton over HTTP as a careful caller does: what got no answer is asked again with the same key, also of the next life. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Of a command. */
  readonly key?: string;
  /** `Prefer: wait`, in seconds. */
  readonly waitSeconds?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A command, and all that was answered to it. */
export interface Asked {
  readonly ask: Ask & { readonly key: string };
  /** Attempts that got no answer, or one that says nothing about the outcome. */
  lost: number;
  readonly answers: { readonly status: number; readonly code: string | null; readonly operationId: string | null }[];
}

const Body = z.object({
  code: z.string().optional(),
  operation: z.object({ id: z.string() }).optional(),
});

/** Longer than Baton itself waits for a commit, so that it is never we who give up first. */
const ANSWER_MS = 30_000;
const AGAIN_MS = 50;

export interface Client {
  /** Every command so far. */
  readonly asked: readonly Asked[];
  /** Answers of 500: Baton's own defects. */
  readonly defects: readonly string[];
  /** Asks until there is an answer that says what became of it. Throws the signal's reason. */
  ask(ask: Ask): Promise<Answer>;
}

/**
 * @param address of the life that runs now; while none does, of the next one once its door is open
 */
export function createClient(token: string, address: () => Promise<string>, signal: AbortSignal): Client {
  const asked: Asked[] = [];
  const defects: string[] = [];
  const byKey = new Map<string, Asked>();

  async function once({ method, path, body, key, waitSeconds }: Ask): Promise<Answer> {
    const response = await fetch(`${await address()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    return { status: response.status, body: await response.json() };
  }

  function record(ask: Ask): Asked | null {
    const { key } = ask;
    if (key === undefined) return null;
    const entry = byKey.get(key) ?? { ask: { ...ask, key }, lost: 0, answers: [] };
    if (!byKey.has(key)) asked.push(entry);
    byKey.set(key, entry);
    return entry;
  }

  return {
    asked,
    defects,
    async ask(ask) {
      const entry = record(ask);
      for (;;) {
        const answer = await once(ask).catch(() => null);
        signal.throwIfAborted();
        const { code = null, operation } = Body.safeParse(answer?.body).data ?? {};
        if (answer?.status === 500) defects.push(`${ask.method} ${ask.path} was answered 500 ${code ?? ''}`.trim());
        if (answer !== null && answer.status < 500) {
          entry?.answers.push({ status: answer.status, code, operationId: operation?.id ?? null });
          return answer;
        }
        if (entry !== null) entry.lost += 1;
        await pause(AGAIN_MS, undefined, { signal });
      }
    },
  };
}
