import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokens } from '../src/index.ts'

const ours = tokens('a secret of ours')
const anyUser = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String)
const anyTime = fc.integer({ min: 0, max: 4_000_000_000_000 })

describe('tokens', () => {
  it('name the user they were issued to, with and without `Bot ` in front', () => {
    fc.assert(
      fc.property(anyUser, anyTime, (user, at) => {
        const token = ours.issue(user, at)
        expect(ours.verify(token)).toBe(user)
        expect(ours.verify(`Bot ${token}`)).toBe(user)
      }),
    )
  })

  it('have the shape libraries read the user id from', () => {
    const [head] = ours.issue('80351110224678912', 0).split('.')
    expect(Buffer.from(head!, 'base64').toString()).toBe('80351110224678912')
  })

  it('are refused after a change of any one character', () => {
    fc.assert(
      fc.property(
        anyUser,
        anyTime,
        fc.nat(),
        fc.constantFrom('A', 'z', '0', '.', '-', ' ', 'é'),
        (user, at, where, other) => {
          const token = ours.issue(user, at)
          const i = where % token.length
          fc.pre(token[i] !== other)
          expect(ours.verify(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined()
        },
      ),
    )
  })

  it('are refused when cut, extended or put together from two', () => {
    const [mine, theirs] = [ours.issue('1', 1_000), ours.issue('2', 1_000)]
    for (let i = 0; i < mine.length; i++) expect(ours.verify(mine.slice(0, i))).toBeUndefined()
    expect(ours.verify(`${mine}A`)).toBeUndefined()
    expect(ours.verify(`${mine}=`)).toBeUndefined()
    const [user, issued] = mine.split('.')
    expect(ours.verify(`${user}.${issued}.${theirs.split('.')[2]}`)).toBeUndefined()
  })

  it('are refused under another secret', () => {
    expect(tokens('a foreign secret').verify(ours.issue('80351110224678912', 0))).toBeUndefined()
  })

  it('are refused for a user that is no id, even rightly signed', () => {
    expect(ours.verify(ours.issue('admin', 0))).toBeUndefined()
  })

  it('never throw, whatever is sent instead', () => {
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc
        .array(fc.base64String({ maxLength: 40 }), { maxLength: 5 })
        .map((parts) => parts.join('.')),
    )
    fc.assert(fc.property(junk, (text) => ours.verify(text) === undefined))
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
      expect(ours.verify(text)).toBeUndefined()
  })
})
