/**
 * Dies at a named point, for the crash suite. A point is `<part>.<method>.<before|after>`, such as `store.commit.after`; the
 * process kills itself with SIGKILL at its n-th passage. Given as `--fault store.commit.after:17` on the command line only,
 * so that nothing in an environment can switch it on by accident.
 */
export interface FaultPoint {
  readonly point: string;
  readonly passage: number;
}

/** Throws a `TypeError` on anything that is no fault point. */
export function parseFault(text: string): FaultPoint {
  const match = /^(\w+\.\w+\.(?:before|after)):(\d+)$/.exec(text);
  if (match === null) throw new TypeError(`"${text}" is not a fault point like store.commit.after:17.`);
  return { point: String(match[1]), passage: Number(match[2]) };
}

/** The same object, whose methods pass fault points. Without a fault it is the object itself. */
export function withFaults<T extends object>(part: string, object: T, fault: FaultPoint | null): T {
  if (fault === null || !fault.point.startsWith(`${part}.`)) return object;
  let passages = 0;
  const pass = (point: string): void => {
    if (point !== fault.point) return;
    passages += 1;
    if (passages === fault.passage) process.kill(process.pid, 'SIGKILL');
  };
  return new Proxy(object, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        pass(`${part}.${String(name)}.before`);
        const result = member.apply(target, args);
        if (!(result instanceof Promise)) return result;
        return result.finally(() => pass(`${part}.${String(name)}.after`));
      };
    },
  });
}
