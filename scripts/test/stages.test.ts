import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findProblems } from '../src/stages/check.ts'
import { readStages } from '../src/stages/parsed-stage.ts'
import { type Folder, ROOT, temporaryFolder, threshold } from './cli.ts'
import { runInProcess } from './run-in-process.ts'
import { FIRST, type Files, SECOND, writeStages } from './stage-fixtures.ts'

let folder: Folder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder[Symbol.asyncDispose]())

const writeBoth = (first?: Files, second?: Files): Promise<void> =>
  writeStages(folder.path, first, second)

const stages = (...args: string[]) => runInProcess(['stages', ...args, '--root', folder.path])

describe('stages check', { timeout: 120_000 }, () => {
  it('finds no problem in stages whose stage.json matches the imports', async () => {
    await writeBoth()
    expect(await stages('check')).toMatchObject({
      code: 0,
      stdout: '2 stages; each stage.json matches the imports\n',
    })
  })

  const wired = (line: string, from: Files = SECOND): Files => ({
    'src/compose.ts': `${line}\n${from['src/compose.ts']}`,
  })
  const declares = (change: object, from: Files = SECOND): Files => ({
    'stage.json': { ...(from['stage.json'] as object), ...change },
  })

  it.each<{ what: string; first?: Files; second?: Files; message: RegExp }>([
    {
      what: 'an own part that is wired but not declared',
      second: declares({ adds: [] }),
      message:
        /^stage 2 {2}src\/compose\.ts:5 {2}wires migrate, which stage\.json lists neither in adds nor in replaces$/m,
    },
    {
      what: 'an own part that is declared but missing, with the closest name',
      second: declares({ adds: ['migrat'] }),
      message:
        /^stage 2 {2}stage\.json {2}names migrat, which is not here \(did you mean migrate\?\)$/m,
    },
    {
      what: 'an own part that nothing loads',
      second: {
        ...declares({ adds: ['migrate', 'spare'] }),
        'src/spare/index.ts': 'export const spare = 1\n',
      },
      message: /names spare, but nothing that runs imports it/,
    },
    {
      what: 'a part of which only a type is imported',
      second: {
        ...wired("import type { spare } from './spare/index.ts'"),
        ...declares({ adds: ['migrate', 'spare'] }),
        'src/spare/index.ts': 'export const spare = 1\n',
      },
      message: /names spare, but nothing that runs imports it/,
    },
    {
      what: 'an inherited part that is neither used nor removed',
      second: declares({ removes: [] }),
      message:
        /^stage 2 {2}stage\.json {2}inherits stage 1's page, but nothing that runs imports it: list it in removes$/m,
    },
    {
      what: 'a removed part that is wired',
      second: wired("import { page } from '@threshold/stage-1/page'"),
      message: /^stage 2 {2}src\/compose\.ts:1 {2}imports page, which stage\.json removes$/m,
    },
    {
      what: 'a replaced part that is wired',
      second: wired(
        "import { mongoStore } from '@threshold/stage-1/adapters/message-store.mongodb'",
      ),
      message:
        /imports stage 1's adapters\/message-store\.mongodb\.ts, which stage 2 replaced by adapters\/message-store\.cassandra\.ts/,
    },
    {
      what: 'a replacement without anything to replace',
      second: {
        ...declares({ adds: [], replaces: ['adapters/message-store.cassandra.ts', 'migrate'] }),
      },
      message: /replaces by migrate, but no earlier stage has a part to replace: list it in adds/,
    },
    {
      what: 'an addition that is a replacement',
      second: {
        ...wired("import { own } from './rest/index.ts'"),
        ...declares({ adds: ['migrate', 'rest'] }),
        'src/rest/index.ts': 'export const own = 1\n',
      },
      message: /adds rest, which stage 1 has already: list it in replaces/,
    },
    {
      what: 'the removal of a part that is not inherited, with the closest name',
      second: declares({ removes: ['page', 'resd'] }),
      message: /removes resd, which it does not inherit \(did you mean rest\?\)/,
    },
    {
      what: 'a part that the earlier stage does not declare',
      second: wired("import { collection } from '@threshold/stage-1/adapters/collection'"),
      message: /imports stage 1's adapters\/collection\.ts, which no stage\.json adds/,
    },
    {
      what: 'an import of a missing export',
      second: wired("import { rust } from '@threshold/stage-1/rust'"),
      message: /imports @threshold\/stage-1\/rust: stage 1 does not export rust/,
    },
    {
      what: 'an import of a later stage, even of a type',
      first: {
        'src/rest/index.ts':
          "import type { X } from '@threshold/stage-2/rest'\nexport const rest = 1 as unknown as X\n",
      },
      message:
        /^stage 1 {2}src\/rest\/index\.ts:1 {2}imports @threshold\/stage-2\/rest, of a later stage$/m,
    },
    {
      what: 'a class inherited from another stage',
      second: {
        'src/migrate/index.ts':
          "import { Rest } from '@threshold/stage-1/rest'\nexport class Own extends Rest {}\nexport const migrate = 1\n",
      },
      message: /^stage 2 {2}src\/migrate\/index\.ts:2 {2}inherits from @threshold\/stage-1\/rest/m,
    },
    {
      what: 'a part that depends on the number of its stage',
      first: {
        'src/rest/index.ts':
          'export const rest = (config: { stage: number }) => (config.stage >= 3 ? 1 : 2)\n',
      },
      message: /^stage 1 {2}src\/rest\/index\.ts:1 {2}depends on the number of a stage/m,
    },
    {
      what: 'wiring of more than 150 lines',
      first: { 'src/config.ts': `${FIRST['src/config.ts']}${'//\n'.repeat(150)}` },
      message:
        /^stage 1 {2}src {2}compose\.ts, config\.ts, main\.ts have 159 lines together; the limit is 150$/m,
    },
    {
      what: 'a stage that is not built on the one before',
      second: declares({ previous: null }),
      message: /previous is null; the stage before this one is 1/,
    },
    {
      what: 'a file that does not parse',
      first: { 'src/rest/index.ts': 'export const rest = {\n' },
      message: /^stage 1 {2}src\/rest\/index\.ts {2}does not parse/m,
    },
  ])('finds $what', async ({ first, second, message: expected }) => {
    await writeBoth(first, second)
    const problems = findProblems(await readStages(folder.path), new Map())
    expect(
      problems
        .map(({ scope, location, message }) => `${scope}  ${location}  ${message}`)
        .join('\n'),
    ).toMatch(expected)
  })

  it('finds a package of common that depends on the number of a stage', async () => {
    await writeBoth()
    await mkdir(join(folder.path, 'stages/common/domain/src'), { recursive: true })
    await writeFile(
      join(folder.path, 'stages/common/domain/src/rules.ts'),
      'export const limit = (stage: number) => {\n  if (stage === 2) return 1\n}\n',
    )
    expect(await stages('check')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^common {2}domain\/src\/rules\.ts:2 {2}depends on the number of a stage/m,
      ),
    })
  })

  it('names the file of an invalid stage.json', async () => {
    await writeBoth({}, { 'stage.json': { capabilities: 'all' } })
    const { code, stderr } = await stages('check')
    expect(stderr).toMatch(/^BAD_STAGE_JSON: .*2-second.*stage\.json/)
    expect(code).toBe(1)
  })

  it('passes for this repository', async () => {
    expect(await threshold(['stages', 'check', '--root', ROOT])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('each stage.json matches the imports'),
    })
  })
})

describe('stages list', { timeout: 120_000 }, () => {
  it('prints the fields of each stage.json', async () => {
    await writeBoth()
    const { stdout } = await stages('list')
    expect(stdout).toMatch(/^2 +Second +1 +mongodb, cassandra +1 +1 +1 +–$/m)
  })
})

describe('stages diff', { timeout: 120_000 }, () => {
  it('shows the port table, the parts that were replaced, added and removed, and the diff of the wiring', async () => {
    await writeBoth()
    const { code, stdout } = await stages('diff', '1', '2')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^message-store +message-store\.mongodb\.ts \(stage 1\) +message-store\.cassandra\.ts \(stage 2\) +replaced$/m,
    )
    expect(stdout).toMatch(/^rest +rest \(stage 1\) +rest \(stage 1\) +kept$/m)
    expect(stdout).toMatch(/^page +page \(stage 1\) +– +removed$/m)
    expect(stdout).toMatch(/^migrate +– +migrate \(stage 2\) +added$/m)
    expect(stdout).toMatch(/Engines\n {2}\+ cassandra\n/)
    expect(stdout).toMatch(/^ {2}\+import \{ cassandraStore \}/m)
    expect(stdout).toMatch(/^ {2}-import \{ mongoStore \}/m)
    expect(stdout).toMatch(/^config\.ts\n {2}the same in both$/m)
  })

  it('of a stage and itself shows no difference', async () => {
    await writeBoth()
    const { code, stdout } = await stages('diff', '2', '2')
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/^ {2}[+-]/m)
    expect(stdout).not.toMatch(/replaced$/m)
  })
})
