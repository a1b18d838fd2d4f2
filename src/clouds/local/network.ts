/** The cable between a local machine and this one. */
import { enter } from './enter.ts';
import type { Place } from './places.ts';
import { tool } from './system.ts';

/** Whoever calls a machine that is off gets no answer, and no packet for it leaves this one. */
export const BLACKHOLE = ['blackhole', '10.214.0.0/16', 'metric', '4096'] as const;

/** @param first pid of the machine's first process */
export async function connectVeth(name: string, { veth, ours, theirs }: Place, first: number): Promise<void> {
  const there = enter(first);
  await tool(name, 'ip', 'link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(first));
  await tool(name, 'ip', 'address', 'add', `${ours}/30`, 'dev', veth);
  await tool(name, 'ip', 'link', 'set', veth, 'up');
  await tool(name, ...there, 'ip', 'address', 'add', `${theirs}/30`, 'dev', 'eth0');
  await tool(name, ...there, 'ip', 'link', 'set', 'eth0', 'up');
}

/** Both ends go at once. */
export async function removeVeth(veth: string): Promise<void> {
  await tool('all', 'ip', 'link', 'del', veth).catch(() => undefined);
}
