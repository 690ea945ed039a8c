import { describe, expect, it } from 'vitest'
import { tinyRuns } from './tiny.ts'

const run = tinyRuns()

describe('lab 1.1', () => {
  it('is supported at ten times the load', async () => {
    const report = await run('1.1', { prediction: { answers: [0, null], reason: 'It is small.' } })
    expect(report.reasons.join('\n')).toContain('tenfold: lost is 0; measured 0')
    expect(report.verdict).toBe('supported')
    expect(report.prediction.scores[1]).toBe('passed')
    expect(report.headline.sentence).toMatch(
      /^At ten times today's load, [\d,]+ deliveries arrived: 0 were lost/,
    )
    expect(report.arms.map(({ status }) => status)).toEqual(['held', 'held'])
    const tenfold = report.samples.find(({ arm }) => arm === 'tenfold')!
    expect(tenfold.load.sockets.opened).toBe(50)
    expect(tenfold.load.deliveries.expected).toBeGreaterThan(100)
    expect(tenfold.load.deliveries.delivered).toBe(tenfold.load.deliveries.expected)
    expect(Object.keys(tenfold.stage.operations ?? {})).not.toEqual([])
  })

  it('is refuted as a negative control, in which the monolith hangs', async () => {
    const report = await run('1.1', { control: true })
    expect(report.verdict).toBe('refuted')
    expect(report.reasons.join('\n')).toMatch(/errors is 0, failed in every round/)
  })
})
