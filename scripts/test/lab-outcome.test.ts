import type { Verdict } from '@threshold/lab-kit'
import { describe, expect, it } from 'vitest'
import { exitCodeOf, formatOutcome, jsonOutcome } from '../src/lab-outcome.ts'
import { recordedReport } from './recorded-fixture.ts'

const report = await recordedReport()
const outcomeOf = (verdict: Verdict, unmet?: readonly string[], change = {}) => ({
  verdict,
  reasons: ['because'],
  summary: 'a summary\n',
  reportHtml: '/tmp/report.html',
  reportJson: '/tmp/report.json',
  report: { ...report, verdict, ...change },
  ...(unmet === undefined ? {} : { unmet }),
})

describe('the exit code of a lab', () => {
  it.each([
    ['supported', 0],
    ['refuted', 10],
    ['inconclusive', 11],
    ['could-not-run', 12],
    ['none', 13],
  ] as const)('of %s is %i', (verdict, code) => {
    expect(exitCodeOf(outcomeOf(verdict))).toBe(code)
  })

  it.each([
    ['refuted', [], 0],
    ['refuted', ['crashing: guilds down'], 10],
    ['supported', ['crashing: guilds down'], 10],
    ['inconclusive', ['crashing: guilds down'], 11],
    ['could-not-run', ['crashing: guilds down'], 12],
  ] as const)('of a negative control that is %s, with %j unmet, is %i', (verdict, unmet, code) => {
    expect(exitCodeOf(outcomeOf(verdict, unmet))).toBe(code)
  })
})

describe('the outcome of a lab', () => {
  const next = { id: '1.4', title: 'Event loop', command: 'npx threshold lab 1.4' }

  it('ends with verdict, report and the next lab', () => {
    expect(formatOutcome(outcomeOf('supported', undefined, { next }))).toMatch(
      /^a summary\n\n.*verdict: supported.*\nreport: \/tmp\/report\.html\nnext: npx threshold lab 1\.4$/,
    )
  })

  it('goes on with recorded runs after a recorded run', () => {
    const outcome = outcomeOf('supported', undefined, { next, recorded: true })
    expect(formatOutcome(outcome)).toMatch(/next: npx threshold lab 1\.4 --recorded$/)
  })

  it('names no other lab if the lab could not run and its summary has a next step', () => {
    const outcome = outcomeOf('could-not-run', undefined, { next, nextStep: 'close cc1plus' })
    expect(formatOutcome(outcome)).toMatch(/report: \/tmp\/report\.html$/)
  })

  it('says whether a negative control was refuted by the statements that it names', () => {
    expect(formatOutcome(outcomeOf('refuted', []))).toContain('this lab can fail')
    expect(formatOutcome(outcomeOf('supported', ['crashing: guilds down']))).toContain(
      'The control must be refuted by crashing: guilds down, and this run was not',
    )
    expect(formatOutcome(outcomeOf('could-not-run', ['crashing: guilds down']))).toContain(
      'The control decided nothing',
    )
    expect(jsonOutcome(outcomeOf('refuted', []))).toMatchObject({ v: 1, unmet: [] })
  })
})
