import { describe, expect, it } from 'vitest'
import { deadlineExceeded, hasCode, messageOf, unavailable } from '../src/index.ts'

describe('a coded error', () => {
  it('carries the time after which to retry', () => {
    expect(unavailable('the store', undefined, 250)).toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterMs: 250,
      message: 'the store is not available',
    })
    expect(deadlineExceeded('the store')).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      retryAfterMs: 1_000,
    })
  })

  it('is recognised by its class and code', () => {
    expect(hasCode(unavailable('x'), 'UNAVAILABLE', 'DEADLINE_EXCEEDED')).toBe(true)
    expect(hasCode(unavailable('x'), 'DEADLINE_EXCEEDED')).toBe(false)
    expect(hasCode(unavailable('x'))).toBe(true)
    expect(hasCode(Object.assign(new Error('x'), { code: 'UNAVAILABLE' }), 'UNAVAILABLE')).toBe(
      false,
    )
    expect(hasCode(undefined, 'UNAVAILABLE')).toBe(false)
  })
})

describe('messageOf', () => {
  it.each([
    [new Error('text'), 'text'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [42, '42'],
  ])('returns one line for %s', (thrown, line) => {
    expect(messageOf(thrown)).toBe(line)
  })
})
