/**
 * Small subnets out of one private pool. Docker's own address pools hold only about thirty networks, so a machine with
 * forty servers would run out; a /28 per server lets 4096 fit into a /16.
 */

/** Sixteen addresses: network, gateway, broadcast, and room for an old and a new container side by side. */
export const SUBNET_BITS = 28;

/** Addresses from `first` up to, but not including, `end`, as 32-bit numbers. */
interface Range {
  readonly first: number;
  readonly end: number;
}

/**
 * The subnets of the pool that overlap none of `taken`, beginning at a place that depends on `key` and going once
 * around: a server gets the same subnet again whenever that is free, and two servers seldom try the same one.
 * `taken` are networks in CIDR form; those that are not IPv4 cannot overlap and are passed over. A pool that is invalid
 * or smaller than one subnet has none.
 */
export function* freeSubnets(pool: string, taken: Iterable<string>, key: string): Generator<string> {
  const range = parseCidr(pool);
  if (range === null) return;
  const size = 2 ** (32 - SUBNET_BITS);
  const count = Math.floor((range.end - range.first) / size);
  const held = [...taken].map(parseCidr).filter((r) => r !== null);
  const start = hash(key);
  for (let step = 0; step < count; step++) {
    const first = range.first + ((start + step) % count) * size;
    if (!held.some((r) => r.first < first + size && first < r.end)) yield `${dotted(first)}/${SUBNET_BITS}`;
  }
}

/** Reads `10.213.0.0/16`, also with host bits set. Null when it is not an IPv4 network. */
export function parseCidr(cidr: string): Range | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return null;
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || bits > 32) return null;
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = address - (address % size);
  return { first, end: first + size };
}

const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

/** FNV-1a: spreads similar ids well, and is the same on every machine. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
