/** How a program is started inside of a machine, given the pid of its first process. */
export const enter = (first: number): readonly [program: string, ...args: string[]] => [
  'nsenter',
  '--target',
  String(first),
  '--all',
  '--root',
  '--wd',
];
