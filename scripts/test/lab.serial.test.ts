import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readProgress } from '../src/progress.ts'
import {
  type Cache,
  type Folder,
  startCommand,
  temporaryCache,
  temporaryFolder,
  threshold,
} from './cli.ts'

let cache: Cache
let output: Folder
beforeAll(async () => {
  cache = await temporaryCache()
  output = await temporaryFolder()
})
afterAll(async () => {
  await cache[Symbol.asyncDispose]()
  await output[Symbol.asyncDispose]()
})

interface Outcome {
  readonly verdict: string
  readonly reasons: string[]
  readonly unmet?: string[]
  readonly reportHtml: string
  readonly reportJson: string
}

async function runLab(...options: readonly string[]) {
  const finished = await threshold(['lab', '1.1', '--tiny', '--json', ...options], {
    env: { ...cache.env, THRESHOLD_OUTPUT: output.path },
  })
  return { ...finished, outcome: JSON.parse(finished.stdout) as Outcome }
}

const CODES: Record<string, number> = {
  supported: 0,
  refuted: 10,
  inconclusive: 11,
  'could-not-run': 12,
  none: 13,
}

describe('lab', () => {
  it('asks nothing without a terminal, prints the outcome as one JSON document, and exits with the code of the verdict', async () => {
    const { code, outcome, stderr } = await runLab()
    expect(outcome).toMatchObject({ v: 1, lab: '1.1', size: 'tiny', prediction: { scores: [] } })
    expect(code).toBe(CODES[outcome.verdict])
    expect(outcome.reasons.length).toBeGreaterThan(0)
    expect([existsSync(outcome.reportHtml), existsSync(outcome.reportJson)]).toEqual([true, true])
    // The introduction goes to stderr, so that stdout holds only the JSON.
    expect(stderr).toMatch(/^Lab 1\.1, Baseline \(tiny/m)
    expect(stderr).not.toContain('Hypothesis')
    expect(await cache.registered()).toEqual([])
    expect(await readProgress(join(output.path, '.threshold', 'progress.jsonl'))).toMatchObject([
      { kind: 'ran', lab: '1.1', verdict: outcome.verdict, recorded: false, scores: [] },
    ])
  })

  describe.runIf(allTests())('in its other modes (run with --all)', () => {
    it('runs the negative control, and exits with 0 if it was refuted as it must be', async () => {
      const { code, outcome, stderr } = await runLab('--twin')
      expect(stderr).toMatch(/negative control, .*\n.*\n\nThis run is the negative control/)
      expect(stderr).toContain('changes one thing: the monolith hangs half a second into the load')
      expect(outcome).toMatchObject({ control: true })
      const asNamed = outcome.verdict === 'refuted' && outcome.unmet?.length === 0
      expect(code).toBe(asNamed ? 0 : CODES[outcome.verdict])
    })

    it('runs a demonstration, which has no verdict', async () => {
      const { code, outcome } = await runLab('--demo')
      expect(outcome).toMatchObject({ demo: true, sentence: expect.any(String) })
      expect([code, outcome.verdict]).toEqual([13, 'none'])
    })
  })

  it('rejects two sizes at once', async () => {
    const { code, stderr } = await threshold(['lab', '1.1', '--quick', '--full'])
    expect(stderr).toMatch(/^CONFLICTING_OPTION: /)
    expect(code).toBe(2)
  })

  it('leaves nothing behind when interrupted', async () => {
    await using command = startCommand(['lab', '1.1', '--full'], { env: cache.env })
    await vi.waitFor(
      async () => expect(await cache.registered()).toContainEqual(expect.stringMatching(/^lab-/)),
      { timeout: 60_000 },
    )
    command.child.kill('SIGTERM')
    const { code, stdout } = await command.finished
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' })
    // The watcher removes everything that the lab did not close in time.
    await vi.waitFor(async () => expect(await cache.registered()).toEqual([]), { timeout: 10_000 })
  })
})
