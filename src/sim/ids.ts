import { BEGINNING } from './life.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';

/** UUIDv7 by virtual time; each differs from all others by its number. */
export function createIds(time: Time, random: Random): () => string {
  let made = 0;
  const hex = (value: number, digits: number) => Math.floor(value).toString(16).padStart(digits, '0').slice(-digits);
  return () => {
    made += 1;
    const at = hex(BEGINNING + time.now(), 12);
    const tail = hex(random.next() * 2 ** 32, 8);
    return `${at.slice(0, 8)}-${at.slice(8)}-7${hex(made >> 12, 3)}-8${hex(made, 3)}-${tail}${hex(made, 4)}`;
  };
}
