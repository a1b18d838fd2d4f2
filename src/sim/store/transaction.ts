/** Writes that are undone together when one of them fails. */
export interface Transaction {
  set<K, V>(map: Map<K, V>, key: K, value: V): void;
  delete<K, V>(map: Map<K, V>, key: K): boolean;
  push<T>(list: T[], value: T): void;
}

/** A row that would break a constraint; what PostgreSQL says with a class 23 error. */
export class ConstraintViolation extends Error {
  override readonly name = 'ConstraintViolation';
}

/** Does all of it, or nothing when it throws. */
export function atomically<T>(write: (tx: Transaction) => T): T {
  const undo: (() => void)[] = [];
  const restore = <K, V>(map: Map<K, V>, key: K): void => {
    if (!map.has(key)) undo.push(() => map.delete(key));
    else {
      const before = map.get(key) as V;
      undo.push(() => map.set(key, before));
    }
  };
  try {
    return write({
      set(map, key, value) {
        restore(map, key);
        map.set(key, value);
      },
      delete(map, key) {
        restore(map, key);
        return map.delete(key);
      },
      push(list, value) {
        undo.push(() => list.pop());
        list.push(value);
      },
    });
  } catch (thrown) {
    for (const back of undo.reverse()) back();
    throw thrown;
  }
}
