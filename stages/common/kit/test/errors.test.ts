import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError, deadlineExceeded, hasCode, messageOf, unavailable } from '../src/index.ts'

describe('a coded error', () => {
  it('comes through structuredClone and JSON as it was', () => {
    const text = fc.string({ unit: 'grapheme' })
    const details = fc.record({ next: text, retryAfterMs: fc.nat() }, { requiredKeys: [] })
    fc.assert(
      fc.property(text, text, details, (code, message, extra) => {
        const error = new CodedError(code, message, extra)
        for (const plain of [
          structuredClone(error.toPlain()),
          JSON.parse(JSON.stringify(error.toPlain())),
        ]) {
          const back = CodedError.fromPlain(plain)
          expect(back).toBeInstanceOf(CodedError)
          expect(back.toPlain()).toEqual(error.toPlain())
          expect(hasCode(back, code)).toBe(true)
        }
      }),
    )
  })

  it('takes no cause and no stack across: those are for the log of where it happened', () => {
    const error = unavailable('MongoDB', new Error('mongodb://user:password@host'))
    expect(error.cause).toBeInstanceOf(Error)
    expect(JSON.stringify(error.toPlain())).not.toContain('password')
    expect(Object.keys(error.toPlain()).toSorted()).toEqual([
      'code',
      'message',
      'retryAfterMs',
      'v',
    ])
  })

  it('says when to try again', () => {
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

  it('is told from other errors, and one code from another', () => {
    expect(hasCode(unavailable('x'), 'UNAVAILABLE', 'DEADLINE_EXCEEDED')).toBe(true)
    expect(hasCode(unavailable('x'), 'DEADLINE_EXCEEDED')).toBe(false)
    expect(hasCode(unavailable('x'))).toBe(true)
    expect(hasCode(Object.assign(new Error('x'), { code: 'UNAVAILABLE' }), 'UNAVAILABLE')).toBe(
      false,
    )
    expect(hasCode(undefined, 'UNAVAILABLE')).toBe(false)
  })
})

describe('what was thrown', () => {
  it.each([
    [new Error('text'), 'text'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [42, '42'],
  ])('makes one line: %s', (thrown, line) => {
    expect(messageOf(thrown)).toBe(line)
  })
})
