/*
 * The package table of CONTRIBUTING.md, as rules. A package may import the packages that its line
 * names, and no others of this repository. Its tests may also import the conformance suites and the
 * engines to run against.
 */
const STAGES = [1, 2, 3, 4]
const OURS = '^(stages|infra|labs|scripts|docs)/'
const KIT = '^infra/kit/'
const COMMON = ['^stages/common/(contract|domain|ports)/', KIT]
const TEST_TOOLS = '^(stages/conformance|infra/engines)/'

/** Matches imports of this repository's packages, except those named. */
const oursExcept = (...packages) => ({ path: OURS, pathNot: packages })

/** Two rules for a line of the table, because a package's tests may import more than the package. */
function packageRules(name, folder, ...may) {
  const inside = `^${folder}/`
  const tests = [`${inside}test/`, `${inside}.+/test/`]
  return [
    {
      name: `${name}-imports-only-its-own`,
      comment: `See Packages in CONTRIBUTING.md for the imports of ${folder}.`,
      severity: 'error',
      from: { path: inside, pathNot: tests },
      to: oursExcept(inside, ...may),
    },
    {
      name: `${name}-tests-import-only-their-own`,
      comment: `Tests of ${folder} may also import the conformance suites and the engines.`,
      severity: 'error',
      from: { path: tests },
      to: oursExcept(inside, TEST_TOOLS, ...may),
    },
  ]
}

const laterStages = (stage) => STAGES.filter((other) => other > stage).join('')

/** A stage builds on earlier stages and does not depend on later ones. */
function stageRules(stage) {
  const earlier = STAGES.filter((other) => other < stage).map((other) => `^stages/${other}-[^/]+/`)
  const rules = packageRules(
    `stage-${stage}`,
    `stages/${stage}-[^/]+`,
    ...COMMON,
    '^stages/(page|migration)/',
    ...earlier,
  )
  const later = laterStages(stage)
  if (later === '') return rules
  return [
    ...rules,
    {
      name: `stage-${stage}-knows-no-later-stage`,
      comment:
        'A stage imports the parts that it keeps from earlier stages, never from later ones.',
      severity: 'error',
      from: { path: `^stages/${stage}-` },
      to: { path: `^stages/[${later}]-` },
    },
  ]
}

export default {
  forbidden: [
    ...packageRules('contract', 'stages/common/contract'),
    ...packageRules('domain', 'stages/common/domain', '^stages/common/contract/'),
    ...packageRules('kit', 'infra/kit'),
    ...packageRules('ports', 'stages/common/ports', '^stages/common/(contract|domain)/', KIT),
    ...packageRules('conformance', 'stages/conformance', ...COMMON, '^infra/engines/'),
    ...packageRules('page', 'stages/page'),
    ...packageRules('migration', 'stages/migration', ...COMMON),
    ...STAGES.flatMap(stageRules),
    ...packageRules('engines', 'infra/engines', KIT),
    ...packageRules(
      'labs',
      'labs',
      KIT,
      '^stages/common/contract/',
      '^stages/page/',
      '^infra/engines/',
    ),
    ...packageRules(
      'scripts',
      'scripts',
      '^stages/(common|conformance|migration)/',
      '^infra/',
      '^labs/',
    ),
    {
      name: 'labs-see-stages-from-outside',
      comment:
        'A lab that imported a stage would measure itself. The load and the stage are separate processes.',
      severity: 'error',
      from: { path: '^(labs|scripts)/' },
      to: { path: '^stages/[0-9]' },
    },
    {
      name: 'packages-by-their-name',
      comment:
        'Import another package by its name, through its exports. The rest of it is private.',
      severity: 'error',
      from: {
        path: '^(stages/(common/[^/]+|conformance|page|migration)|stages/[0-9]-[^/]+|infra/(engines|kit)|labs/kit|scripts)/',
      },
      to: { path: OURS, pathNot: '^$1/', dependencyTypesNot: ['aliased-workspace'] },
    },
    {
      name: 'no-test-in-the-product',
      comment: 'The product must not depend on test code.',
      severity: 'error',
      from: { path: OURS, pathNot: '/test/' },
      to: { path: '/test/' },
    },
    {
      name: 'no-cycles',
      comment:
        'Merge two files that import each other, or move their common part to a third. Types may form cycles.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'all-resolves',
      comment: 'An import that does not resolve cannot be checked.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(fixtures|build|\\.docusaurus|\\.threshold)/|^docs/' },
    // Importing a type creates a dependency too.
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
}
