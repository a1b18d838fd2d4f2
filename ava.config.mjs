/**
 * Tests wait more than they compute, so four files run at a time on two cores. Those that take a minute and more begin first: the last
 * of them would otherwise be alone for as long.
 */
const LONG = [
  'fleet/scenarios/scenarios',
  'crash/crash',
  'nodes/ssh',
  'nodes/helper-lease',
  'nodes/helper',
  'nodes/docker',
];

const rank = (file) => {
  const found = LONG.findIndex((name) => file.endsWith(`/test/${name}.test.ts`));
  return found === -1 ? LONG.length : found;
};

export default {
  files: ['test/**/*.test.ts'],
  extensions: ['ts'],
  concurrency: 4,
  timeout: '2m',
  workerThreads: false,
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other),
};
