/*
 * The table of CONTRIBUTING.md, as rules. A room may import what its line names; everything else of
 * ours is forbidden. Tests stand in their room and may besides use what tests are made of: the
 * suites of conformance, and engines to run against.
 */
const STAGES = [1, 2, 3, 4]
const OURS = '^(stages|infra|labs|scripts|docs)/'
const COMMON = '^stages/common/(contract|domain|kit|ports)/'
const TEST_TOOLS = '^(stages/conformance|infra/engines)/'

/** What is imported: ours, and in none of the rooms named. */
const oursBut = (...rooms) => ({ path: OURS, pathNot: rooms })

/** One line of the table: two rules, since a room's tests may import more than the room. */
function room(name, folder, ...may) {
  const inside = `^${folder}/`
  const tests = [`${inside}test/`, `${inside}.+/test/`]
  return [
    {
      name: `${name}-imports-only-its-own`,
      comment: `CONTRIBUTING.md, The house: what ${folder} may import.`,
      severity: 'error',
      from: { path: inside, pathNot: tests },
      to: oursBut(inside, ...may),
    },
    {
      name: `${name}-tests-import-only-their-own`,
      comment: `As ${folder} itself, and the suites and engines that tests are made of.`,
      severity: 'error',
      from: { path: tests },
      to: oursBut(inside, TEST_TOOLS, ...may),
    },
  ]
}

const laterStages = (stage) => STAGES.filter((other) => other > stage).join('')

/** A stage builds on those before it and knows nothing of those after it. */
function stageRules(stage) {
  const earlier = STAGES.filter((other) => other < stage).map((other) => `^stages/${other}-[^/]+/`)
  const rules = room(`stage-${stage}`, `stages/${stage}-[^/]+`, COMMON, '^stages/page/', ...earlier)
  const later = laterStages(stage)
  if (later === '') return rules
  return [
    ...rules,
    {
      name: `stage-${stage}-knows-no-later-stage`,
      comment:
        'What a stage keeps is imported from the stage that introduced it, never the other way round.',
      severity: 'error',
      from: { path: `^stages/${stage}-` },
      to: { path: `^stages/[${later}]-` },
    },
  ]
}

export default {
  forbidden: [
    ...room('contract', 'stages/common/contract'),
    ...room('domain', 'stages/common/domain', '^stages/common/contract/'),
    ...room('kit', 'stages/common/kit', '^stages/common/contract/'),
    ...room('ports', 'stages/common/ports', '^stages/common/(contract|domain|kit)/'),
    ...room('conformance', 'stages/conformance', COMMON, '^infra/engines/'),
    ...room('page', 'stages/page'),
    ...STAGES.flatMap(stageRules),
    ...room('engines', 'infra/engines', '^stages/common/kit/'),
    ...room('labs', 'labs', '^stages/common/(kit|contract)/', '^infra/engines/'),
    ...room('scripts', 'scripts', '^stages/(common|conformance)/', '^infra/', '^labs/'),
    {
      name: 'labs-see-stages-from-outside',
      comment:
        'A lab that imported a stage would measure itself: load and stage are processes of their own.',
      severity: 'error',
      from: { path: '^(labs|scripts)/' },
      to: { path: '^stages/[0-9]' },
    },
    {
      name: 'packages-by-their-name',
      comment:
        "Another package is imported by its name and through its exports: what it does not export is nobody else's.",
      severity: 'error',
      from: {
        path: '^(stages/(common/[^/]+|conformance|page)|stages/[0-9]-[^/]+|infra/engines|labs/kit|scripts)/',
      },
      to: { path: OURS, pathNot: '^$1/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'no-test-in-the-product',
      comment: 'What runs for a learner stands on nothing that is there for tests alone.',
      severity: 'error',
      from: { path: OURS, pathNot: '/test/' },
      to: { path: '/test/' },
    },
    {
      name: 'no-cycles',
      comment:
        'Two files that run each other are one, or there is a third in them. Types may know each other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'all-resolves',
      comment: 'An import that is not found is an arrow that is not checked.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(fixtures|build|\\.docusaurus|\\.threshold)/|^docs/' },
    // Types count too: a type is knowledge of the room it comes from.
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
}
