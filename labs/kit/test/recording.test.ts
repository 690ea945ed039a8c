import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defineLab } from '../src/define.ts'
import { findLab, folderOf, REPOSITORY } from '../src/labs.ts'
import { planArms } from '../src/plan.ts'
import { definitionHash } from '../src/recording/definition.ts'
import { playRecording, saveRecording } from '../src/recording/recording.ts'
import { buildReport } from '../src/report/build.ts'
import { locateCode } from '../src/report/headline.ts'
import type { Report } from '../src/report/schema.ts'
import { readEnvironment } from '../src/run/environment.ts'
import { ENGINE, reportOf, sampleOf } from './sample.ts'

const lab = await findLab('1.3')
const UNPREDICTED = { prediction: { scores: [], line: '' } }

/** A run of the lab in which nothing fails. */
async function runOf(): Promise<Report> {
  const arms = planArms(lab, 'quick', false)
  const report = await buildReport({
    lab,
    arms,
    size: 'quick',
    control: false,
    demo: false,
    recorded: false,
    prediction: undefined,
    environment: readEnvironment(),
    seconds: 42,
    stages: [],
    started: new Date('2026-01-01T10:00:00.000Z'),
    code: await locateCode(REPOSITORY, lab),
    definition: await definitionHash(lab, await folderOf(lab)),
    rounds: { samples: arms.map(({ name }) => sampleOf(name, 1)), discarded: [], problems: [] },
    engineLabels: new Map(arms.map(({ name }) => [name, ENGINE])),
  })
  return { ...report, verdict: 'supported' }
}

describe('recording a run', () => {
  it('keeps it so that it plays with the same figures, and judges them again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'threshold-recording-'))
    try {
      const run = await runOf()
      const { file, bytes } = await saveRecording(lab, run, dir)
      expect((await stat(file)).size).toBe(bytes)
      const played = await playRecording(lab, { answers: [10, null] }, file)
      expect(played.figures).toEqual(run.figures)
      expect(played.samples).toEqual(run.samples)
      // The samples have no failure, so a verdict that was only read would be "supported".
      expect(played).toMatchObject({ recorded: true, verdict: 'refuted', arms: run.arms })
      expect(played.prediction.scores).toEqual(['wrong direction', 'passed'])
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })

  it.each<[string, Partial<Report>, RegExp]>([
    ['a refuted run', { verdict: 'refuted', reasons: ['late is 0'] }, /is refuted: late is 0/],
    ['a run that could not run', { verdict: 'could-not-run', reasons: ['busy'] }, /run: busy/],
    ['another size', { size: 'tiny' }, /no(t a)? plain run at size quick/],
    ['a negative control', { control: 'the name fits' }, /not a plain run/],
    ['a demonstration', { demo: true }, /not a plain run/],
    ['a run without samples', { samples: [] }, /not a plain run/],
    ['a prediction', { prediction: { answers: [1], scores: ['exact'], line: '' } }, /prediction/],
    ['personal data', { notes: ['see /home/ada/x'] }, /personal data: \/home\/ada$/],
    ['too many bytes', { notes: ['x'.repeat(300_000)] }, /has \d+ bytes; the limit is 300000/],
  ])('is refused for %s, with the reason', async (_, change, message) => {
    const saved = saveRecording(lab, reportOf({ ...UNPREDICTED, ...change }))
    await expect(saved).rejects.toMatchObject({
      code: 'NOT_RECORDABLE',
      message: expect.stringMatching(message),
      next: 'npx threshold record 1.3',
    })
  })

  it('is refused for a lab that is no folder of the repository', async () => {
    const other = defineLab({ ...lab, id: '9.9' })
    await expect(saveRecording(other, reportOf(UNPREDICTED))).rejects.toThrow('not one of this')
    expect(existsSync('recorded')).toBe(false)
  })
})
