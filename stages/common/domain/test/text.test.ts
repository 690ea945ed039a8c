import { Permission } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  contentKindsOf,
  findMentions,
  indexWords,
  permittedMentions,
  queryWords,
} from '../src/index.ts'
import { aGuild, aRole } from './fixtures.ts'

const NOBODY = { users: [], roles: [], everyone: false }

describe('mentions', () => {
  it('are users, roles and everyone, each once and by ascending id', () => {
    const found = findMentions('<@100> <@!20> hi <@20> <@&3> @everyone <@0020>', undefined)
    expect(found).toEqual({ users: ['20', '100'], roles: ['3'], everyone: true })
    expect(findMentions('are you @here?', undefined).everyone).toBe(true)
  })

  it.each([
    '',
    'hello',
    '<@>',
    '<@abc>',
    '<@ 20>',
    '<#20>',
    '@ everyone',
    '@everyones',
    '<@12345678901234567890>',
    '&lt;@20&gt;',
  ])('are not found in %j', (text) => expect(findMentions(text, undefined)).toEqual(NOBODY))

  it('are all kept without allowed_mentions, and none with an empty list', () => {
    const text = '<@20> <@&3> @everyone'
    expect(findMentions(text, null)).toEqual({ users: ['20'], roles: ['3'], everyone: true })
    expect(findMentions(text, {})).toEqual(NOBODY)
    expect(findMentions(text, { parse: [] })).toEqual(NOBODY)
    expect(findMentions(text, { parse: ['users'] })).toEqual({
      users: ['20'],
      roles: [],
      everyone: false,
    })
    expect(findMentions(text, { parse: ['everyone'] })).toEqual({
      users: [],
      roles: [],
      everyone: true,
    })
  })

  it('are limited to the listed ids in the text', () => {
    expect(findMentions('<@20> <@21> <@&3>', { users: ['21', '22'], roles: ['3', '4'] })).toEqual({
      users: ['21'],
      roles: ['3'],
      everyone: false,
    })
  })

  it('are limited to a hundred', () => {
    const text = Array.from({ length: 150 }, (_, i) => `<@${i + 1_000}>`).join('')
    expect(findMentions(text, undefined).users).toHaveLength(100)
  })

  it('are filtered by allowed_mentions for any text', () => {
    const piece = fc.constantFrom(
      '<@20>',
      '<@!21>',
      '<@&3>',
      '<@&4>',
      '@everyone',
      '@here',
      '<@',
      '>',
      ' ',
      'x',
    )
    fc.assert(
      fc.property(
        fc.array(piece),
        fc.subarray(['users', 'roles', 'everyone'] as const),
        (pieces, parse) => {
          const all = findMentions(pieces.join(''), undefined)
          const some = findMentions(pieces.join(''), { parse: [...parse] })
          expect(some).toEqual({
            users: parse.includes('users') ? all.users : [],
            roles: parse.includes('roles') ? all.roles : [],
            everyone: parse.includes('everyone') && all.everyone,
          })
        },
      ),
    )
  })

  it('of everyone and of unmentionable roles need the permission', () => {
    const state = aGuild({ roles: [aRole('31', 1, '0', { mentionable: true }), aRole('32', 1)] })
    const requested = { users: ['20'], roles: ['31', '32', '38'], everyone: true }
    expect(permittedMentions(requested, state, 0n)).toEqual({
      users: ['20'],
      roles: ['31'],
      everyone: false,
    })
    expect(permittedMentions(requested, state, Permission.MentionEveryone)).toMatchObject({
      roles: ['31', '32'],
      everyone: true,
    })
  })
})

describe('the content kinds of a message', () => {
  it('are links, embeds and images in embeds', () => {
    expect(contentKindsOf({ content: 'plain' })).toEqual([])
    expect(contentKindsOf({ content: 'see HTTPS://example.org' })).toEqual(['link'])
    expect(contentKindsOf({ content: 'https:// no link' })).toEqual([])
    expect(contentKindsOf({ content: '', embeds: [{ title: 'x' }] })).toEqual(['embed'])
    expect(
      contentKindsOf({ content: '', embeds: [{ thumbnail: { url: 'https://x.example' } }] }),
    ).toEqual(['embed', 'image'])
  })
})

describe('index words', () => {
  it('are lower case, without accents, each once', () => {
    expect(indexWords('Crème BRÛLÉE, crème!')).toEqual(['creme', 'brulee', ',', '!'])
    expect(indexWords('snake_case and 42 e-mails')).toEqual([
      'snake_case',
      'and',
      '42',
      'e',
      'mails',
      '-',
    ])
    expect(indexWords('привет 世界 ﬁne')).toEqual(['привет', '世界', 'fine'])
    expect(indexWords('hello! 👍🏽❤️, 🇩🇪🇫🇷 … !?')).toEqual([
      'hello',
      '👍🏽',
      '❤',
      '🇩🇪',
      '🇫🇷',
      '👍',
      '!',
      ',',
      '...',
      '!?',
    ])
    expect(indexWords('  \u200b\u0301 ')).toEqual([])
  })

  it('include the plain form of each word', () => {
    expect(indexWords('👩🏽‍💻 _nice_ __bold__')).toEqual([
      '👩🏽‍💻',
      '_nice_',
      '__bold__',
      '👩‍💻',
      'nice',
      'bold',
    ])
  })

  it('precede punctuation and plain forms when there are too many', () => {
    const text = `${Array.from({ length: 150 }, (_, i) => `${'!'.repeat(i + 1)} w${i}`).join(' ')} _last_`
    expect(indexWords(text)).toHaveLength(200)
    expect(indexWords(text)).toEqual(expect.arrayContaining(['w0', 'w149', '_last_', 'last', '!']))
  })

  it.each([
    ['wow!!!', '!!!', 'wow', 'wow!!!', 'WOW'],
    ['hi:) and <3', ':)', '<3', 'hi :)'],
    ['nice 👍🏽', '👍', 'nice 👍', '👍🏽', 'nice 👍🏽'],
    ['❤️ and 👩🏽‍💻!', '❤', '❤️', '👩‍💻', '👩🏽‍💻', '!'],
    ['_nice_ __bold__', 'nice', '_nice_', 'bold'],
    ['👍!!!', '!!!', '👍'],
  ])('of %j are found by parts of the text', (written, ...queries) => {
    for (const query of queries)
      expect(indexWords(written), query).toEqual(expect.arrayContaining(queryWords(query)))
  })

  it('of any text match the query words of the text and of each word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const words = indexWords(text)
        if (words.length === 0) return
        for (const query of [text, ...words])
          expect(queryWords(query).filter((word) => !words.includes(word))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('are limited in length and number', () => {
    expect(indexWords(`${'a'.repeat(100)}b ${'a'.repeat(100)}c`)).toEqual(['a'.repeat(64)])
    expect(indexWords(Array.from({ length: 300 }, (_, i) => `w${i}`).join(' '))).toHaveLength(200)
  })

  it('stay the same when they are indexed again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const words = indexWords(text)
        expect(new Set(words).size).toBe(words.length)
        expect(indexWords(words.join(' '))).toEqual(words)
      }),
      { numRuns: 500 },
    )
  })

  it('ignore punctuation in a query with words, and are never empty for a query with text', () => {
    expect(queryWords('hello !!!')).toEqual(['hello'])
    expect(queryWords('🦑')).toEqual(['🦑'])
    expect(queryWords('!!!')).toEqual(['!!!'])
    expect(queryWords('\u200b')).toEqual(['\u200b'])
    expect(queryWords('  ')).toEqual([])
  })

  it('do not depend on the encoding of an accent', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) =>
          String(indexWords(text.normalize('NFD'))) === String(indexWords(text.normalize('NFC'))),
      ),
    )
  })
})
