/** `{ram_mb}`, `{heap_mb}` and `{port.<name>}` in a template's `env`. */
export const PLACEHOLDER = /\{([a-z_.0-9]+)\}/g;

/** What the JVM's heap gets of the container's RAM; the rest is for threads, code and buffers of the JVM itself. */
const HEAP_SHARE = 0.75;

/** What is known only when the container is made. */
export interface ContainerFacts {
  /** RAM of the container. */
  readonly ramMb: number;
  readonly ports: readonly { readonly name: string; readonly container: number; readonly host: number }[];
}

/** Fills the placeholders of one value in. The template has been checked, so that none stays. */
export function filled(value: string, { ramMb, ports }: ContainerFacts): string {
  const facts = new Map<string, number>([
    ['ram_mb', ramMb],
    ['heap_mb', Math.floor(ramMb * HEAP_SHARE)],
    ...ports.map(({ name, container }): [string, number] => [`port.${name}`, container]),
  ]);
  return value.replace(PLACEHOLDER, (whole, fact: string) => String(facts.get(fact) ?? whole));
}
