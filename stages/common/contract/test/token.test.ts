import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokens } from '../src/index.ts'

const signer = tokens('a secret')
const anyUser = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String)
const anyTime = fc.integer({ min: 0, max: 4_000_000_000_000 })

describe('tokens', () => {
  it('contain the user they were issued to, with and without the prefix `Bot `', () => {
    fc.assert(
      fc.property(anyUser, anyTime, (user, at) => {
        const token = signer.issue(user, at)
        expect(signer.verify(token)).toBe(user)
        expect(signer.verify(`Bot ${token}`)).toBe(user)
      }),
    )
  })

  it('have the format from which libraries read the user id', () => {
    const [head] = signer.issue('80351110224678912', 0).split('.')
    expect(Buffer.from(head!, 'base64').toString()).toBe('80351110224678912')
  })

  it('are refused after a change of any character', () => {
    fc.assert(
      fc.property(
        anyUser,
        anyTime,
        fc.nat(),
        fc.constantFrom('A', 'z', '0', '.', '-', ' ', 'é'),
        (user, at, where, other) => {
          const token = signer.issue(user, at)
          const i = where % token.length
          fc.pre(token[i] !== other)
          expect(signer.verify(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined()
        },
      ),
    )
  })

  it('are refused when truncated, extended or combined', () => {
    const [first, second] = [signer.issue('1', 1_000), signer.issue('2', 1_000)]
    for (let i = 0; i < first.length; i++) expect(signer.verify(first.slice(0, i))).toBeUndefined()
    expect(signer.verify(`${first}A`)).toBeUndefined()
    expect(signer.verify(`${first}=`)).toBeUndefined()
    const [user, issued] = first.split('.')
    expect(signer.verify(`${user}.${issued}.${second.split('.')[2]}`)).toBeUndefined()
  })

  it('are refused with another secret', () => {
    expect(tokens('a foreign secret').verify(signer.issue('80351110224678912', 0))).toBeUndefined()
  })

  it('are refused for a user that is no id, even with a valid signature', () => {
    expect(signer.verify(signer.issue('admin', 0))).toBeUndefined()
  })

  it('never throw for any other text', () => {
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc
        .array(fc.base64String({ maxLength: 40 }), { maxLength: 5 })
        .map((parts) => parts.join('.')),
    )
    fc.assert(fc.property(junk, (text) => signer.verify(text) === undefined))
    for (const text of [
      '',
      '.',
      '..',
      '...',
      'Bot ',
      'Bot  ',
      'Bearer x.y.z',
      '\0',
      'x'.repeat(100_000),
    ])
      expect(signer.verify(text)).toBeUndefined()
  })
})
