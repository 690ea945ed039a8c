import { describe, expect, it } from 'vitest'
import { claimPicture } from '../src/report/claim-picture.ts'
import { renderReport } from '../src/report/html.ts'
import { selectPictures } from '../src/report/pictures.ts'
import type { Report } from '../src/report/schema.ts'
import { figureTitle, withTitles } from '../src/report/titles.ts'
import { reportOf, sampleOf } from './sample.ts'

const [today, tenfold] = reportOf().arms as [Report['arms'][number], Report['arms'][number]]
const arms = [
  { ...today, name: 'mongo', title: 'Little data' },
  { ...tenfold, name: 'mongoTenfold', title: 'Much data', breaks: true, status: 'broke' as const },
]
const BEYOND = 'mongo tenfold misses beyond mongo misses'

/** Two arms, two measures and one difference between the arms. */
function comparison(change: Partial<Report> = {}, rounds = 1): Report {
  const each = Array.from({ length: rounds }, (_, index) => index + 1)
  const figuresOf = (figure: string, values: readonly number[]) =>
    each.flatMap((round) =>
      arms.map(({ name }, arm) => ({
        arm: name,
        round,
        figure,
        unit: 'count' as const,
        value: values[arm]! * round,
      })),
    )
  const assertion = { figure: BEYOND, unit: 'count', relation: 'at least', threshold: 100 } as const
  return reportOf({
    arms,
    headline: { ...reportOf().headline, figures: ['misses', BEYOND] },
    measures: ['misses', 'lost'].map((name) => ({ name, unit: 'count', text: name })),
    figures: [...figuresOf('misses', [5, 300]), ...figuresOf('lost', [0, 0])],
    thresholds: [
      { ...assertion, arm: 'across arms', text: `${BEYOND} at least 100` },
      { ...assertion, arm: 'mongo', figure: 'misses', text: 'misses at most 50', threshold: 50 },
    ],
    findings: each.map((round) => ({
      arm: 'across arms',
      round,
      assertion: { ...assertion, value: 295 * round, outcome: 'holds' as const },
    })),
    samples: arms.map(({ name }) => sampleOf(name, 1)),
    ...change,
  })
}

const withFigures = (figures: string[]): Partial<Report> => ({
  headline: { ...reportOf().headline, figures },
})

describe('the picture of the claim', () => {
  it('has a bar for each arm, and the arm in which the stage broke leads', () => {
    const [panel] = claimPicture(comparison()).panels
    expect(panel).toMatchObject({
      title: 'misses',
      unit: 'count',
      max: 300,
      bars: [
        { title: 'Much data', status: 'broke', values: [300], thresholds: [] },
        { title: 'Little data', values: [5], thresholds: [{ relation: '≤', value: 50 }] },
      ],
    })
  })

  it('has one bar for a figure that is asserted across arms', () => {
    const { panels } = claimPicture(comparison())
    expect(panels[1]).toMatchObject({
      title: 'misses, difference',
      bars: [{ title: 'Much data − Little data', status: 'broke', values: [295] }],
    })
    expect(panels[1]!.bars[0].thresholds).toEqual([{ relation: '≥', value: 100 }])
  })

  it('has the values of all rounds in order', () => {
    const { panels } = claimPicture(comparison({}, 3))
    expect(panels[0]!.bars[0].values).toEqual([300, 600, 900])
    expect(panels[1]!.bars[0].values).toEqual([295, 590, 885])
  })

  it('draws at most three figures, and none that the report does not have', () => {
    const { panels } = claimPicture(comparison(withFigures(['unknown', 'misses', BEYOND, BEYOND])))
    expect(panels.map(({ title }) => title)).toEqual(['misses', 'misses, difference'])
  })

  it('names figures that are 0 everywhere instead of drawing them', () => {
    const report = comparison(withFigures(['misses', 'lost']))
    expect(claimPicture(report)).toMatchObject({ panels: [{ title: 'misses' }], zero: ['lost'] })
    expect(renderReport(report)).toContain('0 in every arm: lost.')
  })
})

describe('the titles of arms', () => {
  it.each([
    ['mongo tenfold misses over mongo misses', 'misses', 'Much data ÷ Little data'],
    [BEYOND, 'misses', 'Much data − Little data'],
    ['mongo tenfold misses over mongo lost', 'misses (Much data) ÷ lost (Little data)', undefined],
    ['tombstones scanned over deleted', 'tombstones scanned over deleted', undefined],
    ['misses', 'misses', undefined],
  ])('replace their names in %s', (name, measure, compared) => {
    expect(figureTitle({ arms }, name)).toMatchObject({ measure })
    expect(figureTitle({ arms }, name).arms).toBe(compared)
  })

  it.each([
    ['mongoTenfold: misses is 3', '“Much data”: misses is 3'],
    [
      'mongo, round 2: the generator fell behind',
      '“Little data”, round 2: the generator fell behind',
    ],
    [
      `across arms: ${BEYOND} at least 100; measured 3`,
      'Across arms: misses (Much data − Little data) at least 100; measured 3',
    ],
    ['misses of mongoTenfold could not be measured', 'misses of “Much data” could not be measured'],
    ['the mongo server did not start', 'the mongo server did not start'],
  ])('replace their names in the reason “%s”', (reason, readable) => {
    expect(withTitles(comparison(), reason)).toBe(readable)
  })

  it('stand wherever the page names an arm', () => {
    const page = renderReport(
      comparison({ verdict: 'refuted', reasons: ['mongoTenfold: lost is 0'] }),
    )
    expect(page).not.toMatch(/mongoTenfold|mongo tenfold/)
  })
})

describe('the pictures', () => {
  const withLoad = (change: (load: Report['samples'][number]['load']) => void): Report => {
    const report = reportOf()
    for (const { load } of report.samples) change(load)
    return report
  }

  it('are those that the lab names, in its order, and then the others', () => {
    const { headline } = reportOf()
    const report = reportOf({ headline: { ...headline, charts: ['cpu', 'seconds'] } })
    const { named, others } = selectPictures(report)
    expect(named).toEqual(['cpu', 'seconds'])
    expect(others).toEqual(['deliveries', 'delivery-times', 'send-times', 'read-times'])
  })

  it('leave out a chart that has only zeros, although the lab names it', () => {
    const { named, others } = selectPictures(reportOf())
    expect(named).toEqual(['seconds'])
    expect(others).not.toContain('failures')
  })

  it('include the failures as soon as one delivery is late', () => {
    const report = withLoad(({ deliveries }) => {
      deliveries.late = 1
    })
    expect(selectPictures(report).named).toEqual(['failures', 'seconds'])
  })

  it('leave out the times of reads if nothing was read', () => {
    const report = withLoad(({ reads }) => {
      reads.acknowledged = 0
    })
    expect(selectPictures(report).others).not.toContain('read-times')
  })

  it('are none if nothing was measured', () => {
    expect(selectPictures(reportOf({ samples: [] }))).toEqual({ named: [], others: [] })
  })

  it('show the state of each guild in each second', () => {
    const report = withLoad(({ guilds }) => {
      for (const guild of guilds) guild.states = 'oolx'
    })
    const page = renderReport(report)
    expect(page).toContain('a send failed or a delivery was lost')
    // One run of two good seconds, one late second and one failed second.
    expect(page.match(/<path fill="var\(--good\)" d="M0\.04 0\.\d+h1\.92/g)).not.toBeNull()
    expect(page.match(/<path fill="var\(--bad\)" d="M3\.04/g)).not.toBeNull()
  })
})

describe('the first screen', () => {
  const first = (change: Partial<Report>): string =>
    renderReport(reportOf(change)).match(/<header.*<\/header>/s)![0]

  it('shows prediction, outcome, score and what the wrong answer reveals', () => {
    const screen = first({})
    for (const text of ['How many are late?', '50%', '0%', 'wrong direction', 'You expect queues.'])
      expect(screen).toContain(text)
    expect(screen).toContain('It is ten times as much.')
  })

  it('does not explain an exact answer', () => {
    const prediction = { answers: [0.5], scores: ['exact' as const], line: '' }
    expect(first({ prediction })).not.toContain('You expect queues.')
  })

  it('says that an answer was passed, or that no prediction was made', () => {
    const passed = { answers: [null], scores: ['passed' as const], line: '' }
    expect(first({ prediction: passed })).toContain('<dd>passed</dd>')
    const none = { scores: [], line: 'You made no prediction.' }
    expect(first({ prediction: none })).toContain('You made no prediction.')
  })

  it('links the line of code from the folder of the report', () => {
    const link = renderReport(reportOf(), {}, '../..').match(/<a [^>]*>[^<]*<\/a>/)![0]
    expect(link).toContain('href="../../labs/kit/src/index.ts"')
    expect(link).toContain('>index.ts:1</a>')
  })

  it('labels a demonstration and a recorded run', () => {
    expect(first({ verdict: 'none', demo: true })).toContain('No verdict')
    expect(first({ recorded: true })).toMatch(/Recorded run<\/b> of 2026-01-01 on SecantusDB/)
  })

  it('says whether the hypothesis was supported', () => {
    const words = { supported: 'supported', refuted: 'refuted', inconclusive: 'Inconclusive' }
    for (const [verdict, word] of Object.entries(words)) {
      const shown = first({ verdict: verdict as Report['verdict'] }).match(
        /<span class="verdict">.*?<\/span>/s,
      )![0]
      expect(shown).toContain(word)
    }
  })
})
