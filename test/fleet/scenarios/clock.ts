/** One clock for everything: the kernel's monotonic one, which the probes in the machines read as well. */

/** Milliseconds of CLOCK_MONOTONIC. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What Baton's times, which are of the wall clock, are on ours. Nobody sets the wall clock while scenarios run. */
export const ofWallMs = (time: string): number => Date.parse(time) - (Date.now() - nowMs());
