import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadLabEntries } from '../src/labs.ts'
import { personalDataIn } from '../src/recording/personal-data.ts'
import { MAX_RECORDING_BYTES, playRecording } from '../src/recording/recording.ts'

const labs = await loadLabEntries()

describe('the recorded run of every lab', () => {
  it.each(labs.map(({ lab, dir }) => [lab.id, { lab, dir }] as const))(
    'of lab %s plays, supports the hypothesis as it is now, and names its engines',
    async (_, { lab, dir }) => {
      // Fails with NO_RECORDING or RECORDING_OUTDATED, and the command that records it again.
      const report = await playRecording(lab)
      expect(report.verdict, report.reasons.join('\n')).toBe('supported')
      expect(report.headline.sentence).not.toBeNull()
      expect(report.questions.map(({ value }) => value)).not.toContain(null)
      for (const arm of report.arms.filter(({ context }) => !context))
        expect(arm.engine, arm.name).toBeDefined()
      expect(personalDataIn(report)).toBeUndefined()
      const { size } = await stat(join(dir, 'recorded', 'report.json'))
      expect(size).toBeLessThanOrEqual(MAX_RECORDING_BYTES)
    },
  )
})
