import { CodedError, unavailable } from '@threshold/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byClone, byJson, remoteProxy } from '../../src/ports/remote-proxy.ts'

const TRANSFERS = { byClone, byJson }

describe.each(Object.entries(TRANSFERS))(
  'a coded error across a remote proxy %s',
  (_, transfer) => {
    const failing = (error: unknown) => remoteProxy({ call: () => Promise.reject(error) }, transfer)

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
  },
)

describe.each(Object.entries(TRANSFERS))('a call across a remote proxy %s', (_, transfer) => {
  it('copies what both sides send, also to callbacks and between their fields', async () => {
    const sent = { map: new Map([['a', new Set([1n])]]), bytes: Uint8Array.of(1), left: undefined }
    const seen: unknown[] = []
    const port = remoteProxy(
      {
        async subscribe(options: { deliver: (value: object) => void; value: object }) {
          seen.push(options.value)
          options.deliver(sent)
          return { value: sent, unsubscribe: async (value: object) => value === sent }
        },
      },
      transfer,
    )
    const deliver = (value: object): void => void seen.push(value)
    const subscription = await port.subscribe({ deliver, value: sent })
    seen.push(subscription.value)
    expect(seen).toEqual([sent, sent, sent])
    for (const value of seen) expect(value).not.toBe(sent)
    expect(await subscription.unsubscribe(sent)).toBe(false)
  })

  it('fails for an instance of a class, such as an error of a driver', async () => {
    const port = remoteProxy({ call: async (value: unknown) => [value] }, transfer)
    expect(() => port.call({ field: new WeakMap() })).toThrow()
    await expect(remoteProxy({ call: async () => Symbol('s') }, transfer).call()).rejects.toThrow()
  })
})
