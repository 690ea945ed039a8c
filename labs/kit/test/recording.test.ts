import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defineLab } from '../src/define.ts'
import { findLab } from '../src/labs.ts'
import { saveRecording } from '../src/recording/recording.ts'
import type { Report } from '../src/report/schema.ts'
import { reportOf } from './sample.ts'

const lab = await findLab('1.3')
const UNPREDICTED = { prediction: { scores: [], line: '' } }

describe('recording a run', () => {
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
