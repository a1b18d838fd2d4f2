/** An escaped backslash, or the escape of a character that `jsonb` refuses. `JSON.stringify` escapes surrogates only when they are alone. */
const ESCAPE = /\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/**
 * JSON text that PostgreSQL takes as `jsonb`. What games print and people type may hold a NUL or half a surrogate pair;
 * `jsonb` and `text` refuse both, and one such character in a console's last lines must not keep a server's row from
 * being written. They become U+FFFD, as an unreadable character does elsewhere.
 */
export const toJsonb = (value: unknown): string => storable(JSON.stringify(value));

/** The same for what is JSON text already. */
export function storable(json: string): string {
  // Nearly no text has such an escape, and looking for it is many times faster than replacing.
  if (!json.includes('\\u')) return json;
  return json.replace(ESCAPE, (found) => (found === '\\\\' ? found : '\uFFFD'));
}
