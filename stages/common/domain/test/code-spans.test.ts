import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutCode } from '../src/code-spans.ts'
import { findMentions } from '../src/index.ts'

const pings = (content: string): boolean => {
  const { users, roles, everyone } = findMentions(content, undefined)
  return users.length + roles.length > 0 || everyone
}

describe('text inside code contains no mention', () => {
  it.each([
    '`<@21>`',
    '``<@21>``',
    '`` ` <@21>``',
    '`@everyone`',
    '`<@&31>`',
    '```@everyone```',
    '```\n@here\n```',
    '```js\nconst a = "<@21>"\n```',
    '```<@21>\n@everyone```',
    'before `a` and `<@21>` after',
    '``` `<@21>` ```',
    '````<@21>```',
    '``<@21>`',
    '`a``<@21>``b',
  ])('%j', (content) => expect(pings(content)).toBe(false))
})

describe('text outside of code, or after an unclosed fence, contains a mention', () => {
  it.each([
    '<@21>',
    '`a` <@21> `b`',
    '`<@21>',
    '<@21>`',
    '\\`<@21>`',
    '```a```@everyone',
    '`a\\` <@21> b',
    '```@here',
    '\\\\`a` <@21>',
  ])('%j', (content) => expect(pings(content)).toBe(true))

  it('and the texts on both sides of code do not join to form one', () => {
    expect(pings('<@`x`21>')).toBe(false)
    expect(pings('@`x`everyone')).toBe(false)
  })
})

/**
 * The rules of the Markdown parser in Discord's clients, as regular expressions. They are too slow
 * for hostile texts.
 */
const ESCAPE = /^\\[^0-9A-Za-z\s]/
const BLOCK = /^```(?:[a-z0-9_+\-.#]+?\n)?\n*[^\n][\s\S]*?\n*```/i
const INLINE = /^(`+)[\s\S]*?[^`]\1(?!`)/
function byExpressions(text: string): string {
  let kept = ''
  for (let rest = text; rest.length > 0; ) {
    const code = BLOCK.exec(rest) ?? INLINE.exec(rest)
    const plain = ESCAPE.exec(rest)?.[0] ?? rest[0]!
    kept += code ? '`' : plain
    rest = rest.slice(code ? code[0].length : plain.length)
  }
  return kept
}

describe('withoutCode', () => {
  it('finds the same code as the rules of Discord’s clients', () => {
    const piece = fc.constantFrom(
      '`',
      '``',
      '```',
      '````',
      '\\',
      '\n',
      ' ',
      'a',
      '<@1>',
      'js\n',
      '@everyone',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('')
        expect(withoutCode(text)).toBe(byExpressions(text))
      }),
      { numRuns: 3_000 },
    )
  })

  it('returns a text without backticks unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => fc.pre(!text.includes('`')) ?? withoutCode(text) === text),
    )
  })

  it('is fast for texts of fences only', () => {
    const runs = Array.from({ length: 62 }, (_, i) => `${'`'.repeat(i + 1)}x`).join('')
    const texts = [
      '`'.repeat(2_000),
      '`x'.repeat(1_000),
      '```\n'.repeat(500),
      '\\`'.repeat(1_000),
      runs,
    ]
    const began = performance.now()
    for (const text of texts) for (let i = 0; i < 20; i++) withoutCode(text)
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})
