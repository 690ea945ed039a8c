import { expect, it } from 'vitest'
import {
  deadlineAfter,
  pingCheck,
  type ReadinessCheck,
  unavailable,
  unreadyReasons,
} from '../src/index.ts'

const fine: ReadinessCheck = { name: 'fine', reason: () => undefined }
const behind: ReadinessCheck = { name: 'clock', reason: async () => 'the clock is behind' }

it('returns the reasons of the failing checks only', async () => {
  expect(await unreadyReasons([fine, behind], deadlineAfter(1_000))).toEqual({
    clock: 'the clock is behind',
  })
  expect(await unreadyReasons([fine], deadlineAfter(1_000))).toEqual({})
})

it('counts a rejection, a throw and a missed deadline as reasons', async () => {
  const away = pingCheck('MongoDB', () => Promise.reject(unavailable('MongoDB')))
  const broken: ReadinessCheck = {
    name: 'broken',
    reason() {
      throw new Error('it broke')
    },
  }
  const silent = pingCheck('silent', () => new Promise(() => {}))
  expect(await unreadyReasons([away, broken, silent, fine], deadlineAfter(50))).toEqual({
    MongoDB: 'MongoDB is not available',
    broken: 'it broke',
    silent: 'silent did not answer in time',
  })
})
