import { describe, expect, it } from 'vitest'
import { personalDataIn } from '../src/recording/personal-data.ts'
import { reportOf } from './sample.ts'

const identity = { host: 'adas-laptop', folders: ['/srv/ada', '/work/threshold'] }
const findIn = (text: string, host = identity.host) =>
  personalDataIn(reportOf({ discarded: [{ arm: 'today', round: 1, reason: text }] }), {
    ...identity,
    host,
  })

describe('personal data in a report', () => {
  it.each([
    ['the home folder', 'cannot read /srv/ada/x', '/srv/ada'],
    ['the clone', 'cannot read /work/threshold/labs', '/work/threshold'],
    ['a folder of another user', 'cannot read /home/grace/x', '/home/grace'],
    ['a folder on macOS', 'cannot read /Users/grace/x', '/Users/grace'],
    ['a folder on Windows', 'cannot read C:\\Users\\grace\\x', '\\\\Users\\\\grace'],
    ['the name of the machine', 'no answer from adas-laptop:9042', 'adas-laptop'],
    ['a mail address', 'ask ada@example.org', 'ada@example.org'],
  ])('is found: %s', (_, text, found) => {
    expect(findIn(text)).toBe(found)
  })

  it('is not found in a report without it', () => {
    expect(findIn('the generator fell behind')).toBeUndefined()
    expect(personalDataIn(reportOf())).toBeUndefined()
  })

  it('is not found in words that contain a short or a general host name', () => {
    expect(findIn('the stage', 'the')).toBeUndefined()
    expect(findIn('localhost', 'localhost')).toBeUndefined()
    expect(findIn('my-adas-laptop-bag')).toBeUndefined()
  })

  it('is not searched for in histograms', () => {
    const [sample] = reportOf().samples
    const groups = sample!.load.groups.map((group) => ({
      ...group,
      sends: { ...group.sends, encoded: 'abc+adas-laptop/def' },
    }))
    const samples = [{ ...sample!, load: { ...sample!.load, groups } }]
    expect(personalDataIn(reportOf({ samples }), identity)).toBeUndefined()
  })
})
