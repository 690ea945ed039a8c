import { expect, it } from 'vitest'
import { channelName } from '../src/guild/channel-name.ts'

it.each([
  ['letters whose lower case is longer', 'İ'.repeat(100)],
  ['such letters with a dash where the name is cut', `${'İ'.repeat(49)}a-bcd`],
  ['emoji', '🦑'.repeat(100)],
])('limits the name of a text channel to 100 code points: %s', (_, name) => {
  const kept = channelName(0, name)
  expect([...kept].length).toBeLessThanOrEqual(100)
  expect(channelName(0, kept)).toBe(kept)
  expect(kept).not.toMatch(/-$/)
})
