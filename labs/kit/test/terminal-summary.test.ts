import { describe, expect, it } from 'vitest'
import type { Report } from '../src/report/schema.ts'
import { summaryOf } from '../src/report/summary.ts'
import { ENGINE, reportOf } from './sample.ts'

const predicted = (answers: (number | null)[], score: 'exact' | 'wrong direction' | 'passed') =>
  reportOf({ prediction: { answers, scores: [score], line: '' } })

describe('the summary for a terminal', () => {
  it('begins with the claim in its own figures and ends with engine and machine', () => {
    const report = reportOf()
    const lines = summaryOf(report).split('\n')
    expect(lines[0]).toBe(report.headline.sentence)
    expect(lines.at(-1)).toBe(`Measured on ${ENGINE.text}; ${report.environment.text}.`)
  })

  it('puts prediction, outcome and score beside each question, with the thought behind it', () => {
    expect(summaryOf(predicted([0.5], 'wrong direction'))).toContain(
      '1. How many are late?\n   predicted 50%, measured 0%: wrong direction\n   You expect queues.\n',
    )
  })

  it('reveals nothing about a right, a passed or an unlisted answer, nor in a control', () => {
    const withAnswer = [
      predicted([0], 'exact'),
      predicted([null], 'passed'),
      predicted([0.05], 'wrong direction'),
      { ...predicted([0.5], 'wrong direction'), control: 'the stage hangs' },
      reportOf({ prediction: { scores: [], line: '' } }),
    ]
    for (const report of withAnswer) expect(summaryOf(report)).not.toContain('You expect queues.')
  })

  it('names the line of code and the hypothesis after the scores', () => {
    expect(summaryOf(reportOf())).toMatch(
      /measured 0%.*Why: The process has .*\n {2}labs\/kit\/src\/index\.ts:1 {2}export.*Hypothesis: It holds\.\n {2}✓ “tenfold in words”: late at most 1%/s,
    )
  })

  it('of a negative control says what it changed, and explains nothing else', () => {
    const summary = summaryOf(reportOf({ control: 'the stage hangs', verdict: 'refuted' }))
    expect(summary).toContain('\nNegative control: the stage hangs.\n')
    expect(summary).not.toContain('Why:')
  })

  it('of a recorded run says when and where it was measured', () => {
    const report = reportOf({ recorded: true })
    expect(summaryOf(report)).toContain(
      `This is a recorded run of 2026-01-01 on ${ENGINE.text}, ${report.environment.text}; not measured here.`,
    )
    expect(summaryOf(report)).not.toContain('Measured on')
  })

  it('of a run that could not run gives the reasons, and keeps the answers for the next one', () => {
    const change: Partial<Report> = {
      verdict: 'could-not-run',
      reasons: ['this machine is busy'],
    }
    const expected =
      'Lab 9.9 could not run, which says nothing about the stage.\n  ✗ this machine is busy'
    expect(summaryOf(reportOf(change))).toBe(expected)
    const headline = { ...reportOf().headline, sentence: null }
    expect(summaryOf(reportOf({ ...change, headline }))).toBe(expected)
  })

  it('of a demonstration says why it has no verdict, and marks nothing as failed', () => {
    const summary = summaryOf(reportOf({ demo: true, verdict: 'none', reasons: ['a demo'] }))
    expect(summary).toContain('\n  · a demo\n')
    expect(summary).not.toContain('✗')
  })

  it('of a run that stopped names the engine, the busiest programs and the next step', () => {
    const report = reportOf({
      headline: { ...reportOf().headline, sentence: null },
      verdict: 'could-not-run',
      reasons: ['the stage did not create a user within 90 s'],
      busiest: [{ name: 'cc1plus', share: 0.58 }],
      nextStep: 'close cc1plus',
    })
    expect(summaryOf(report).split('\n').slice(-3)).toEqual([
      `It had started ${ENGINE.text}.`,
      "Busiest programs: cc1plus 58% of this machine's CPU.",
      '→ close cc1plus',
    ])
    expect(summaryOf({ ...report, noEngine: 'this machine is busy' })).toContain(
      'No engine was started.',
    )
  })
})
