import { describe, expect, it } from 'vitest'
import { defineLab } from '../src/define.ts'
import { expectationsOf } from '../src/expectations.ts'
import { at, describeFault, mention, pause } from '../src/faults.ts'
import { assertionText } from '../src/figure.ts'
import { loadLabs, REPOSITORY } from '../src/labs.ts'
import { busyGuilds } from '../src/load/workload.ts'
import { count, time } from '../src/measure.ts'
import { planArms } from '../src/plan.ts'
import { locateCode } from '../src/report/headline.ts'
import type { LabSpec } from '../src/spec.ts'

const measures = {
  lost: count.lost(),
  guildsDown: count.guildsWithLostOrLate(),
  sendP99: time.sendP99(),
}
type Spec = LabSpec<'breaks' | 'holds', typeof measures>

const spec: Spec = {
  id: '9.9',
  title: 'A lab',
  question: 'Does it?',
  hypothesis: 'It does.',
  minutes: { quick: 1, full: 2 },
  memory: '1 GB',
  arms: {
    breaks: { title: 'It breaks', stage: 'stage-1', breaks: true, times: 4, env: { A: '1' } },
    holds: { title: 'It holds', stage: 'stage-3' },
  },
  load: busyGuilds({ guilds: 2, online: 25, messagesPerSecond: 4, seconds: 30, seed: 7 }),
  fault: at({ second: 10 }, mention({ displayName: 'Ada' })),
  measure: measures,
  expect: {
    breaks: ({ guildsDown }) => guildsDown.is(8),
    holds: ({ guildsDown, lost }) => guildsDown.is(0).and(lost.is(0)),
  },
  expectAcross: ({ breaks, holds }) => breaks.sendP99.over(holds.sendP99).atLeast(3),
  predict: [
    {
      text: 'How many guilds go down?',
      answer: ({ breaks }) => breaks.guildsDown,
      range: [0, 8],
      wrongAnswers: [{ answer: [0, 7], reveals: 'You expect isolation.' }],
    },
  ],
  hints: ['Think.', 'Think more.', 'Eight.'],
  report: {
    sentence: ({ breaks, holds }) => `${breaks.guildsDown} went down, and ${holds.guildsDown}.`,
    figures: ['guilds down', 'breaks send p99 over holds send p99'],
    why: 'They share a process.',
    code: { file: 'labs/kit/src/index.ts', line: 'defineLab' },
    charts: ['seconds'],
  },
  control: {
    text: 'the stage hangs',
    fault: at({ second: 10 }, pause('stage')),
    failsOn: ['breaks: errors'],
    verdict: 'refuted',
  },
  sizes: {
    tiny: { repeats: 1, load: { online: 3, seconds: 2 } },
    quick: { repeats: 2 },
    full: { repeats: 5 },
  },
}

describe('a lab', () => {
  it('is rejected if it has no expectation, or if a size leaves out an arm that has one', () => {
    const { expectAcross: _, ...withoutExpectAcross } = spec
    expect(() => defineLab({ ...withoutExpectAcross, expect: {} })).toThrow(/no expectation/)
    expect(() =>
      defineLab({ ...spec, sizes: { ...spec.sizes, tiny: { repeats: 1, arms: ['holds'] } } }),
    ).toThrow(/leaves out breaks/)
    expect(() => defineLab({ ...spec, sizes: { ...spec.sizes, full: { repeats: 0 } } })).toThrow(
      /at least once/,
    )
    expect(() => defineLab({ ...spec, id: 'one' })).toThrow(/two numbers/)
  })

  it('is rejected unless it asks one to three questions, whose wrong answers are in range', () => {
    const [question] = spec.predict
    expect(() => defineLab({ ...spec, predict: [] })).toThrow(/one to 3 questions/)
    const wrongAnswers = [{ answer: 9, reveals: 'It is out of range.' }] as const
    expect(() => defineLab({ ...spec, predict: [{ ...question!, wrongAnswers }] })).toThrow(
      /out of its range/,
    )
    expect(() => defineLab({ ...spec, predict: [{ ...question!, range: [8, 8] }] })).toThrow(
      /is empty/,
    )
  })

  it('is rejected if its report names unknown figures, or explains at length', () => {
    const { report } = spec
    expect(() => defineLab({ ...spec, report: { ...report, figures: ['happiness'] } })).toThrow(
      /“happiness”/,
    )
    expect(() => defineLab({ ...spec, report: { ...report, why: 'so '.repeat(61) } })).toThrow(
      /the limit is 60/,
    )
  })

  it('is rejected if two arms have the same title', () => {
    const { breaks, holds } = spec.arms
    expect(() =>
      defineLab({ ...spec, arms: { breaks, holds: { ...holds, title: breaks.title } } }),
    ).toThrow(/same title/)
  })

  it('lists its thresholds before anything was measured, and none of them holds', () => {
    const expectations = expectationsOf(defineLab(spec))
    expect(
      expectations.map(({ arm, expectation }) => [arm, expectation.assertions.map(assertionText)]),
    ).toEqual([
      ['breaks', ['guilds down is 8']],
      ['holds', ['guilds down is 0', 'lost is 0']],
      ['across arms', ['breaks send p99 over holds send p99 at least 3×']],
    ])
    expect(
      expectations.flatMap(({ expectation }) =>
        expectation.assertions.map(({ outcome }) => outcome),
      ),
    ).not.toContain('holds')
  })

  it('applies the changes of a size to its arms', () => {
    const [breaks, holds] = planArms(defineLab(spec), 'tiny', false)
    expect(breaks).toMatchObject({
      name: 'breaks',
      stage: 1,
      env: { A: '1' },
      load: { seconds: 2, groups: [{ guilds: 8, online: 3, messagesPerSecond: 16 }] },
    })
    expect(holds).toMatchObject({
      stage: 3,
      load: { groups: [{ guilds: 2, online: 3 }] },
      fault: { second: 10 },
    })
    expect(planArms(defineLab(spec), 'quick', false)[1]).toMatchObject({
      load: { seconds: 30, groups: [{ online: 25 }] },
    })
  })

  it('applies only its changes to the negative control', () => {
    const lab = defineLab(spec)
    const [control] = planArms(lab, 'quick', true)
    const [normal] = planArms(lab, 'quick', false)
    expect(describeFault(control!.fault!)).toBe('after 10 s: pause the stage')
    expect({ ...control, fault: undefined }).toEqual({ ...normal, fault: undefined })
  })
})

describe('the labs of this repository', () => {
  it('load, have unique ids and have a negative control that must be refuted', async () => {
    const labs = await loadLabs()
    expect(labs.map(({ id }) => id)).toContain('1.1')
    expect(new Set(labs.map(({ id }) => id)).size).toBe(labs.length)
    for (const lab of labs) {
      expect(lab.control.verdict).toBe('refuted')
      await expect(locateCode(REPOSITORY, lab)).resolves.toHaveProperty('line')
      for (const size of ['tiny', 'quick', 'full'] as const)
        expect(planArms(lab, size, false).length).toBeGreaterThan(0)
    }
  })
})
