import { CodedError, unavailable } from '@threshold/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { remoteProxy } from '../../src/ports/remote-proxy.ts'

const failing = (error: unknown) => remoteProxy({ call: () => Promise.reject(error) })

describe('a coded error across a remote proxy', () => {
  it('keeps its code, message, next step and retry time', () => {
    const text = fc.string({ unit: 'grapheme' })
    const details = fc.record({ next: text, retryAfterMs: fc.nat() }, { requiredKeys: [] })
    return fc.assert(
      fc.asyncProperty(text, text, details, async (code, message, extra) => {
        const received: unknown = await failing(new CodedError(code, message, extra))
          .call()
          .catch((error: unknown) => error)
        expect(received).toBeInstanceOf(CodedError)
        expect(received).toMatchObject({ code, message, ...extra })
      }),
    )
  })

  it('loses its cause and its stack', async () => {
    const error = unavailable('MongoDB', new Error('mongodb://user:password@host'))
    const received: unknown = await failing(error)
      .call()
      .catch((caught: unknown) => caught)
    expect(received).not.toBe(error)
    expect(received).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 1_000 })
    expect((received as Error).cause).toBeUndefined()
    expect((received as Error).stack).not.toBe(error.stack)
  })
})
