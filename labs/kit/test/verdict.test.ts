import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { figure } from '../src/figure.ts'
import { type Finding, judge } from '../src/verdict.ts'

const finding = (arm: string, round: number, name: string, value: number): Finding => ({
  arm,
  round,
  assertion: figure(name, 'count', value).is(0).assertions[0]!,
})

const arm = fc.constantFrom('breaks', 'holds')
const name = fc.constantFrom('lost', 'duplicated')
/** Findings for every arm and figure in every round. */
const rounds = (value: fc.Arbitrary<number>): fc.Arbitrary<Finding[]> =>
  fc
    .array(fc.tuple(value, value, value, value), { minLength: 1, maxLength: 4 })
    .map((all) =>
      all.flatMap(([a, b, c, d], index) => [
        finding('breaks', index + 1, 'lost', a),
        finding('breaks', index + 1, 'duplicated', b),
        finding('holds', index + 1, 'lost', c),
        finding('holds', index + 1, 'duplicated', d),
      ]),
    )
const counts = rounds(fc.constantFrom(0, 0, 1))

describe('a verdict', () => {
  it('is supported if and only if every assertion held in every round', () => {
    fc.assert(
      fc.property(counts, (findings) => {
        expect(judge(findings, []).verdict === 'supported').toBe(
          findings.every(({ assertion: statement }) => statement.outcome === 'holds'),
        )
      }),
    )
  })

  it('is refuted if and only if an assertion failed in every round', () => {
    fc.assert(
      fc.property(counts, (findings) => {
        const never = findings.some((finding) =>
          findings
            .filter(
              (other) =>
                other.arm === finding.arm && other.assertion.figure === finding.assertion.figure,
            )
            .every(({ assertion: statement }) => statement.outcome === 'fails'),
        )
        expect(judge(findings, []).verdict === 'refuted').toBe(never)
      }),
    )
  })

  it('does not depend on the order of rounds or assertions', () => {
    fc.assert(
      fc.property(
        counts.chain((findings) =>
          fc.tuple(
            fc.constant(findings),
            fc.shuffledSubarray(findings, { minLength: findings.length }),
          ),
        ),
        ([a, b]) => {
          expect(judge(b, []).verdict).toBe(judge(a, []).verdict)
          expect(new Set(judge(b, []).reasons)).toEqual(new Set(judge(a, []).reasons))
        },
      ),
    )
  })

  it('is could-not-run if something kept the lab from measuring', () => {
    fc.assert(
      fc.property(
        counts,
        fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
        (findings, problems) => {
          expect(judge(findings, problems)).toEqual({ verdict: 'could-not-run', reasons: problems })
        },
      ),
    )
  })

  it('is could-not-run if nothing was measured, or if a figure is unknown and no assertion failed', () => {
    expect(judge([], []).verdict).toBe('could-not-run')
    fc.assert(
      fc.property(arm, name, (inArm, figureName) => {
        const { verdict, reasons } = judge(
          [finding('holds', 1, 'errors', 0), finding(inArm, 1, figureName, Number.NaN)],
          [],
        )
        expect(verdict).toBe('could-not-run')
        expect(reasons).toEqual([`${figureName} of ${inArm} could not be measured`])
      }),
    )
  })

  it('is refuted by a failed assertion even if another figure is unknown', () => {
    expect(
      judge([finding('holds', 1, 'errors', 7), finding('holds', 1, 'late', Number.NaN)], [])
        .verdict,
    ).toBe('refuted')
  })

  it('is none for a demonstration, whatever its figures are', () => {
    expect(judge([finding('breaks', 1, 'lost', 0)], [], true).verdict).toBe('none')
    expect(judge([finding('breaks', 1, 'lost', 9)], [], true).verdict).toBe('none')
    expect(judge([], ['the generator died'], true).verdict).toBe('could-not-run')
  })

  it('always has a reason', () => {
    fc.assert(
      fc.property(counts, (findings) => {
        expect(judge(findings, []).reasons.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('a comparison', () => {
  it('with a share of zero events is unknown', () => {
    expect(figure('late', 'share', 0 / 0).atMost(0.01).assertions[0]).toMatchObject({
      outcome: 'unknown',
    })
  })

  it('holds for a value equal to its threshold', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const late = figure('late', 'share', value)
        const outcomes = late
          .is(value)
          .and(late.atMost(value))
          .and(late.atLeast(value))
          .assertions.map(({ outcome }) => outcome)
        expect(outcomes).toEqual(['holds', 'holds', 'holds'])
      }),
    )
  })

  it('can use the ratio of two figures', () => {
    const ratio = figure('misses', 'count', 600).over(figure('misses', 'count', 200))
    expect(ratio.value).toBe(3)
    expect(ratio.atLeast(3).assertions[0]).toMatchObject({ outcome: 'holds', unit: 'ratio' })
  })
})
