import { setTimeout as delay } from 'node:timers/promises'
import { deadlineExceeded, unavailable } from '@threshold/kit'
import type { RestFixture } from './fixture.ts'

/** Faults and expectations of the tests in which a request fails half-way. */

export const PATIENCE = { timeout: 30_000, interval: 20 }
export const UNAVAILABLE = { code: 'UNAVAILABLE' }
export const TIMED_OUT = { code: 'DEADLINE_EXCEEDED' }

/** Waits longer than the reconciler waits between two checks. */
export const afterTwoChecks = (): Promise<void> => delay(1_500)

/** The call succeeds, and the caller sees a timeout. */
export const doneButAnswerLost = async (call: () => Promise<unknown>): Promise<never> => {
  await call()
  throw deadlineExceeded('the store')
}

export const unavailableStore = async (): Promise<never> => {
  throw unavailable('the store')
}

export const send = (rest: RestFixture, content: string, more: object = {}) =>
  rest.call('message.send', { body: { content, ...more } })
