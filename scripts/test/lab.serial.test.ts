import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cache, startCommand, temporaryCache, threshold } from './cli.ts'

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
})
afterAll(() => cache[Symbol.asyncDispose]())

const CODES: Record<string, number> = {
  supported: 0,
  refuted: 10,
  inconclusive: 11,
  'could-not-run': 12,
}

describe('lab', () => {
  it('asks nothing without a terminal, prints the outcome as one JSON document, and exits with the code of the verdict', async () => {
    const { code, stdout, stderr } = await threshold(['lab', '1.1', '--tiny', '--json'], {
      env: cache.env,
    })
    const outcome = JSON.parse(stdout) as {
      verdict: string
      reasons: string[]
      prediction: object
      reportHtml: string
      reportJson: string
    }
    try {
      expect(outcome).toMatchObject({ v: 1, lab: '1.1', size: 'tiny' })
      expect(code).toBe(CODES[outcome.verdict])
      expect(outcome.reasons.length).toBeGreaterThan(0)
      expect([existsSync(outcome.reportHtml), existsSync(outcome.reportJson)]).toEqual([true, true])
      // The introduction goes to stderr, so that stdout holds only the JSON.
      expect(stderr).toMatch(/^Lab 1\.1, Baseline \(tiny/m)
      expect(stderr).not.toContain('Hypothesis')
      expect(outcome.prediction).toMatchObject({ scores: [] })
      expect(await cache.registered()).toEqual([])
    } finally {
      await rm(dirname(outcome.reportHtml), { recursive: true, force: true })
    }
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
