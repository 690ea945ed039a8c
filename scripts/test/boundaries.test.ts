import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** Forbidden imports, and the rule that forbids each. */
const FORBIDDEN: readonly [from: string, to: string, rule: string][] = [
  ['stages/common/contract/src/a.ts', 'infra/kit/src/a.ts', 'contract-imports-only-its-own'],
  ['stages/common/domain/src/b.ts', 'infra/kit/src/a.ts', 'domain-imports-only-its-own'],
  ['infra/kit/src/c.ts', 'stages/common/ports/src/a.ts', 'kit-imports-only-its-own'],
  ['stages/common/ports/src/d.ts', 'infra/engines/src/a.ts', 'ports-imports-only-its-own'],
  [
    'stages/common/ports/test/d.test.ts',
    'stages/1-monolith/src/a.ts',
    'ports-tests-import-only-their-own',
  ],
  ['stages/conformance/src/e.ts', 'stages/1-monolith/src/a.ts', 'conformance-imports-only-its-own'],
  ['stages/migration/src/r.ts', 'stages/2-wide/src/a.ts', 'migration-imports-only-its-own'],
  ['stages/1-monolith/src/f.ts', 'stages/2-wide/src/a.ts', 'stage-1-knows-no-later-stage'],
  ['stages/1-monolith/test/f.test.ts', 'stages/4-fast/src/a.ts', 'stage-1-knows-no-later-stage'],
  ['stages/3-actors/src/g.ts', 'stages/4-fast/src/a.ts', 'stage-3-knows-no-later-stage'],
  ['stages/1-monolith/src/h.ts', 'infra/engines/src/a.ts', 'stage-1-imports-only-its-own'],
  ['stages/1-monolith/src/i.ts', 'stages/conformance/src/a.ts', 'stage-1-imports-only-its-own'],
  ['infra/engines/src/j.ts', 'stages/common/contract/src/a.ts', 'engines-imports-only-its-own'],
  ['labs/1.1-base/lab.ts', 'stages/1-monolith/src/a.ts', 'labs-see-stages-from-outside'],
  ['labs/kit/test/k.test.ts', 'stages/1-monolith/src/a.ts', 'labs-see-stages-from-outside'],
  ['labs/kit/src/l.ts', 'stages/common/ports/src/a.ts', 'labs-imports-only-its-own'],
  ['scripts/src/m.ts', 'stages/2-wide/src/a.ts', 'labs-see-stages-from-outside'],
  ['stages/2-wide/src/n.ts', 'stages/2-wide/test/a.ts', 'no-test-in-the-product'],
  ['stages/2-wide/src/o.ts', 'stages/1-monolith/src/a.ts', 'packages-by-their-name'],
  ['stages/2-wide/src/p.ts', 'stages/2-wide/src/missing.ts', 'all-resolves'],
]

const ALLOWED: readonly [from: string, to: string][] = [
  ['stages/2-wide/src/q.ts', 'stages/2-wide/src/a.ts'],
  ['stages/2-wide/test/q.test.ts', 'stages/2-wide/src/a.ts'],
]

/** Importing a type creates a dependency too. */
const TYPES: readonly [from: string, to: string, rule: string][] = [
  ['stages/common/domain/src/types.ts', 'infra/engines/src/a.ts', 'domain-imports-only-its-own'],
]

let root: string
let violations: { rule: string; from: string; to: string }[]

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'threshold-imports-'))
  for (const [from, to] of [...FORBIDDEN, ...TYPES, ...ALLOWED])
    for (const path of [from, to]) await mkdir(dirname(join(root, path)), { recursive: true })
  for (const [, to] of FORBIDDEN)
    if (!to.includes('missing'))
      await writeFile(join(root, to), 'export const a = 1\nexport type A = number\n')
  const importing = (from: string, to: string): string =>
    relative(dirname(from), to).replace(/^(?!\.)/, './')
  for (const [from, to] of [...FORBIDDEN, ...ALLOWED])
    await writeFile(
      join(root, from),
      `import { a } from '${importing(from, to)}'\nexport const b = a\n`,
    )
  for (const [from, to] of TYPES)
    await writeFile(
      join(root, from),
      `import type { A } from '${importing(from, to)}'\nexport type B = A\n`,
    )
  await writeFile(
    join(root, 'stages/2-wide/src/x.ts'),
    "import { y } from './y.ts'\nexport const x = () => y\n",
  )
  await writeFile(
    join(root, 'stages/2-wide/src/y.ts'),
    "import { x } from './x.ts'\nexport const y = () => x\n",
  )
  violations = await cruise()
}, 60_000)

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

async function cruise(): Promise<typeof violations> {
  const cruiser = join(ROOT, 'node_modules', '.bin', 'depcruise')
  const args = [
    cruiser,
    '--config',
    join(ROOT, '.dependency-cruiser.mjs'),
    '--output-type',
    'json',
    'stages',
    'infra',
    'labs',
    'scripts',
  ]
  const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 })
    // depcruise exits with the number of violations.
    .catch((error: { stdout: string }) => error)
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] }
  }
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }))
}

const rulesAgainst = (from: string): string[] =>
  violations.filter((violation) => violation.from === from).map(({ rule }) => rule)

describe('the boundaries between packages', () => {
  it.each(FORBIDDEN)('%s may not import %s: %s', (from, _to, rule) => {
    expect(rulesAgainst(from)).toContain(rule)
  })

  it.each(TYPES)('%s may not import a type of %s: %s', (from, _to, rule) => {
    expect(rulesAgainst(from)).toContain(rule)
  })

  it.each(ALLOWED)('%s may import %s', (from) => {
    expect(rulesAgainst(from)).toEqual([])
  })

  it('allow no cycles', () => {
    expect(violations).toContainEqual({
      rule: 'no-cycles',
      from: 'stages/2-wide/src/x.ts',
      to: 'stages/2-wide/src/y.ts',
    })
  })
})
