/** An object on the other side of a link: the same methods, each a question that takes time and may be lost. */
import type { Link } from './link.ts';

export interface RemoteOptions {
  /** The first half of each call's point, such as `store`. */
  readonly part: string;
  readonly link: Link;
  readonly deadlineMs: number;
  readonly failure: (late: boolean) => Error;
}

/** All methods of the object must be asynchronous. */
export function remote<T extends object>(object: T, { part, link, deadlineMs, failure }: RemoteOptions): T {
  return new Proxy(object, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) =>
        link.call({ point: `${part}.${String(name)}`, deadlineMs, failure, run: () => method.apply(target, args) });
    },
  });
}
