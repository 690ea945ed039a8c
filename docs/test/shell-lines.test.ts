import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cache, temporaryCache } from '../../scripts/test/cli.ts'
import { type ShellFence, shellFences } from './shell/fences.ts'
import { faultOf } from './shell/reasons.ts'
import { copyTree, runFence } from './shell/run.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** Every page that tells a reader to type something. */
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
  it('are looked for on every page there is', () => {
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
    const kept = fence.lines.filter((line) => line.reason !== undefined)
    if (kept.length > 0)
      it(`carry a reason: ${title(fence)}`, () => {
        for (const { at, text, reason } of kept)
          expect(faultOf(root, reason!), `${fence.document}:${at}: ${text}`).toBeUndefined()
      })
  }
})

describe.runIf(allTests())('the shell lines that carry no reason', () => {
  let tree: Awaited<ReturnType<typeof copyTree>>
  // Of its own: a line that resets or sweeps must end nobody else's engine.
  let cache: Cache
  beforeAll(async () => {
    tree = await copyTree(root)
    cache = await temporaryCache()
  })
  afterAll(async () => {
    await tree[Symbol.asyncDispose]()
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
    const { code, at, output } = await runFence(fence, tree.root, env)
    const last = fence.lines.findLast((line) => line.reason === undefined)!
    expect({ code, at }, `${fence.document}:${at}\n${output}`).toEqual({
      code: fence.exit,
      at: last.at,
    })
  }
})

const title = ({ document, lines }: ShellFence): string =>
  `${document}:${lines[0]!.at} ${lines[0]!.text.slice(0, 60)}`
