import { listLabs } from '@threshold/lab-kit'
import { describe, expect, it } from 'vitest'
import { formatLabList, listedLabs } from '../../src/progress/lab-list.ts'
import { temporaryFolder } from '../cli.ts'
import { runInProcess } from '../run-in-process.ts'
import { ran } from './entries.ts'

const plain = (text: string): string =>
  text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '')

describe('lab list', () => {
  it('shows verdicts, the best prediction, and the minutes left', async () => {
    const labs = await listLabs()
    const progress = [
      ran('1.1', { scores: ['wrong direction', 'within 2×'] }),
      ran('1.2', { verdict: 'inconclusive', scores: ['passed'] }),
      ran('1.3', { recorded: true, scores: ['exact'] }),
    ]
    const text = plain(formatLabList(listedLabs(labs, progress)))
    expect(text).toMatch(/^1\.1 +Baseline +✓ supported +within 2× +\d+ min +\S+ [GM]B$/m)
    expect(text).toMatch(/^1\.2 +Working set +✓ inconclusive +passed /m)
    expect(text).toMatch(/^1\.3 +Blast radius +played +exact /m)
    expect(text).toMatch(/^1\.4 +Event loop +– +– /m)
    const minutes = labs.slice(2).reduce((sum, lab) => sum + lab.minutes.quick, 0)
    expect(text).toContain(`\n2 of ${labs.length} labs done, about ${minutes} min of runs left`)
  })

  it('fits 80 columns with the longest words', async () => {
    const [lab] = await listLabs()
    const title = 'A title that is much longer than any of today'
    const widest = { ...lab!, id: '4.10', title, minutes: { quick: 12, full: 30 }, memory: '10 GB' }
    const progress = [ran('4.10', { verdict: 'inconclusive', scores: ['wrong direction'] })]
    for (const line of plain(formatLabList(listedLabs([widest], progress))).split('\n'))
      expect(line.length).toBeLessThanOrEqual(80)
  })

  it('is printed also when no lab is named, and keeps all fields of a lab in its JSON', async () => {
    await using output = await temporaryFolder()
    const env = { THRESHOLD_OUTPUT: output.path }
    const list = await runInProcess(['lab', 'list'], env)
    expect(await runInProcess(['lab'], env)).toEqual(list)
    expect(list.code).toBe(0)
    const json = JSON.parse((await runInProcess(['lab', 'list', '--json'], env)).stdout)
    const labs = await listLabs()
    expect(json).toMatchObject(labs.map((lab) => ({ ...lab, done: null, predicted: null })))
  })
})
