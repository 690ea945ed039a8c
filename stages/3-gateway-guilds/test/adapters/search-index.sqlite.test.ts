import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aMessage, newId, testDeadline, testSearchIndex } from '@threshold/conformance/ports'
import { queryWords } from '@threshold/domain'
import { describe, expect, it } from 'vitest'
import { sqliteSearchIndex } from '../../src/adapters/search-index.sqlite.ts'
import { testStreamIndex } from '../search/stream-index.ts'

testSearchIndex('SQLite', () => sqliteSearchIndex())
testStreamIndex('SQLite', async () => sqliteSearchIndex())

const guild = newId()
const message = aMessage(newId(), { content: 'tea OR coffee' })
const indexed = { kind: 'index', guild, message, facts: { authorType: 'user' } } as const
const search = async (index: ReturnType<typeof sqliteSearchIndex>, words: readonly string[]) => {
  const all = { channels: [message.channelId], order: 'newest', offset: 0, limit: 25 } as const
  return (await index.search(guild, { ...all, words }, testDeadline())).total
}

describe('an SQLite search index', () => {
  it.each([
    '"',
    '""',
    '*',
    '^tea',
    'te*',
    'terms:tea',
    'tea NOT coffee',
    'NEAR(tea)',
    '(',
    '{terms}',
    '\0',
    "'; DROP TABLE entries; --",
    '\u200b',
  ])('takes %j for a word, and not for syntax', async (word) => {
    await using index = sqliteSearchIndex()
    await index.apply([indexed], 1)
    expect(await search(index, [word])).toBe(0)
    expect(await search(index, ['tea'])).toBe(1)
  })

  it('finds a message by all of its words', async () => {
    await using index = sqliteSearchIndex()
    const content = Array.from({ length: 200 }, (_, i) => `word${i}`).join(' ')
    await index.apply([{ ...indexed, message: { ...message, content } }], 1)
    expect(await search(index, queryWords(content))).toBe(1)
    expect(await search(index, [...queryWords(content), 'other'])).toBe(0)
  })

  it('keeps its entries and its position in its file, which one process has at a time', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'threshold-search-'))
    const file = join(folder.path, 'index.sqlite')
    const first = sqliteSearchIndex(file)
    await first.reset('stream', 6)
    await first.apply([indexed], 7)
    // A process that replaces this one has a file of its own, and a third finds none.
    const replacing = sqliteSearchIndex(file)
    expect(replacing.progress).toEqual({ stream: '', position: 0, build: 1, built: 0 })
    expect(() => sqliteSearchIndex(file)).toThrow(expect.objectContaining({ code: 'SEARCH_FILE' }))
    await replacing[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()
    await using second = sqliteSearchIndex(file)
    expect(second.progress).toEqual({ stream: 'stream', position: 7, build: 2, built: 0 })
    expect(await search(second, ['tea'])).toBe(1)
  }, 20_000)

  it('applies all changes and the position, or nothing', async () => {
    await using index = sqliteSearchIndex()
    const broken = { ...indexed, message: { ...message, id: 'no id' } }
    await expect(index.apply([indexed, broken], 7)).rejects.toThrow(SyntaxError)
    expect([index.progress.position, await search(index, ['tea'])]).toEqual([0, 0])
    await index.apply([indexed], 7)
    expect([index.progress.position, await search(index, ['tea'])]).toEqual([7, 1])
  })
})
