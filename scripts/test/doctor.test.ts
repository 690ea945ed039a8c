import { describe, expect, it } from 'vitest'
import { bareMachine, threshold } from './cli.ts'

interface Report {
  readonly v: number
  readonly status: string
  readonly tools: readonly {
    readonly name: string
    readonly version?: string
    readonly why?: string
    readonly install: string
  }[]
  readonly stages: readonly {
    readonly stage: number
    readonly passedOver: readonly { readonly next: string }[]
  }[]
  readonly labs: readonly { readonly id: string; readonly runs: string; readonly next: string }[]
}

describe('doctor', { timeout: 120_000 }, () => {
  it('prints one JSON document with --json, and nothing else', async () => {
    const { code, stdout, stderr } = await threshold(['doctor', '--json'])
    const report = JSON.parse(stdout) as Report
    expect(report.v).toBe(1)
    expect(['ok', 'stand-in', 'cannot']).toContain(report.status)
    expect(report.stages.map(({ stage }) => stage)).toContain(1)
    expect(report.labs.map(({ id }) => id)).toContain('1.1')
    expect(stderr).toBe('')
    expect(code).toBe(report.status === 'cannot' ? 1 : 0)
  })

  it('lists Docker, Java, Rust and Python as missing on a bare machine, with the reason and how to install them', async () => {
    await using machine = await bareMachine()
    const { env } = machine
    const [{ code, stdout }, plain] = await Promise.all([
      threshold(['doctor', '--json'], { env }),
      threshold(['doctor'], { env }),
    ])
    const report = JSON.parse(stdout) as Report
    for (const name of ['Docker', 'Java 17', 'Rust', 'Python 3']) {
      const tool = report.tools.find((candidate) => candidate.name === name)
      expect(tool, name).toMatchObject({
        why: expect.stringMatching(/./),
        install: expect.stringMatching(/./),
      })
      expect(tool?.version, name).toBeUndefined()
    }
    expect(report.status).toBe('cannot')
    expect(report.stages[0]?.passedOver.every(({ next }) => next.length > 0)).toBe(true)
    expect(code).toBe(1)

    for (const { id, runs, next } of report.labs)
      expect({ id, runs, next }).toEqual({ id, runs: 'no', next: expect.stringMatching(/./) })
    expect(plain.stdout).toMatch(/^ {2}– lab 1\.1 +Baseline; does not run here: /m)
    expect(plain.stdout).toContain('Something cannot run yet')
    expect(plain.code).toBe(1)
  })
})
