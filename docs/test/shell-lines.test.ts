import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, temporaryCache } from '../../scripts/test/cli.ts'
import { type ShellFence, shellFences } from './shell/fences.ts'
import { problemOf } from './shell/reasons.ts'
import { copyRepository, runFence } from './shell/run.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** Every page that may contain shell lines. */
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/docs/**/*.{md,mdx}',
  'labs/*/README.md',
  'stages/*/README.md',
]

const documents = globSync(PAGES, { cwd: root }).sort()
const fences = documents.flatMap((document) =>
  shellFences(document, readFileSync(path.join(root, document), 'utf8')),
)

describe('the shell lines of the pages', () => {
  it('are collected from every page', () => {
    expect(documents).toEqual(
      expect.arrayContaining([
        'README.md',
        'ARCHITECTURE.md',
        'CONTRIBUTING.md',
        'docs/docs/index.md',
      ]),
    )
    expect(fences.length).toBeGreaterThan(0)
  })

  for (const fence of fences) {
    const skipped = fence.lines.filter((line) => line.reason !== undefined)
    if (skipped.length > 0)
      it(`have a valid reason: ${title(fence)}`, () => {
        for (const { line, text, reason } of skipped)
          expect(problemOf(root, reason!), `${fence.document}:${line}: ${text}`).toBeUndefined()
      })
  }
})

describe.runIf(allTests())('the shell lines without a reason', () => {
  let copy: Awaited<ReturnType<typeof copyRepository>>
  // A line that resets or sweeps must not end the engines of other tests.
  let cache: Cache
  beforeAll(async () => {
    copy = await copyRepository(root)
    cache = await temporaryCache()
  })
  afterAll(async () => {
    await copy[Symbol.asyncDispose]()
    await cache[Symbol.asyncDispose]()
  })

  for (const fence of fences) {
    const run = fence.lines.filter((line) => line.reason === undefined)
    if (run.length > 0)
      it(`run: ${title(fence)}`, { timeout: (fence.seconds + 10) * 1_000 }, () => runs(fence))
  }

  async function runs(fence: ShellFence): Promise<void> {
    const env = {
      ...process.env,
      PATH: `${path.dirname(process.execPath)}:${path.join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      ...cache.env,
      NO_COLOR: '1',
    }
    const { code, line, output } = await runFence(fence, copy.root, env)
    const last = fence.lines.findLast((line) => line.reason === undefined)!
    expect({ code, line }, `${fence.document}:${line}\n${output}`).toEqual({
      code: fence.exit,
      line: last.line,
    })
  }
})

const title = ({ document, lines }: ShellFence): string =>
  `${document}:${lines[0]!.line} ${lines[0]!.text.slice(0, 60)}`
