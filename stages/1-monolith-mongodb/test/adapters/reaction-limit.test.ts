import { deadlineAfter, keyedRwLock } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { reactWithinLimit } from '../../src/adapters/reaction-limit.ts'

const reaction = {
  v: 1,
  channelId: '1',
  messageId: '2',
  emoji: '👍',
  userId: '3',
  writeTimeMicros: 1n,
} as const
const has = async () => false
const TIMED_OUT = { code: 'DEADLINE_EXCEEDED' }
const soon = () => deadlineAfter(30_000)

describe('a reaction that waits for others on its message', () => {
  it.each(['shared', 'exclusive'] as const)(
    'is not stored if its deadline passes before it gets the lock (%s)',
    async (mode) => {
      const lock = keyedRwLock()
      const deadline = { at: Date.now() + 100 }
      const { promise, resolve } = Promise.withResolvers<void>()
      const others = lock[mode]('2', () => promise)
      let stored = 0
      const insert = async () => {
        stored += 1
        return 'added' as const
      }
      const late = reactWithinLimit(
        lock,
        reaction,
        { emojiOf: async () => [], has, insert },
        deadline,
      )
      setTimeout(resolve, deadline.at + 1 - Date.now())
      await expect(late).rejects.toMatchObject(TIMED_OUT)
      await others
      expect(stored).toBe(0)
      expect(
        await reactWithinLimit(lock, reaction, { emojiOf: async () => [], has, insert }, soon()),
      ).toBe('added')
    },
  )

  it('is not stored if its deadline passes while the emoji are counted', async () => {
    const deadline = { at: Date.now() + 50 }
    const emojiOf = async () => {
      while (Date.now() < deadline.at) await new Promise((done) => setTimeout(done, 5))
      return ['👍']
    }
    const insert = () => Promise.reject(new Error('stored'))
    await expect(
      reactWithinLimit(keyedRwLock(), reaction, { emojiOf, has, insert }, deadline),
    ).rejects.toMatchObject(TIMED_OUT)
  })
})
