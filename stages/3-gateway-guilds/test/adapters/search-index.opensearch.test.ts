import { aMessage, newId, testDeadline, testSearchIndex } from '@threshold/conformance/ports'
import { startOpenSearch } from '@threshold/engines'
import { allTests, leaseIndex } from '@threshold/engines/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { openSearchIndex } from '../../src/adapters/search-index.opensearch.ts'
import { testStreamIndex } from '../search/stream-index.ts'

const use = new AsyncDisposableStack()
afterAll(() => use.disposeAsync())
const newIndex = async () => openSearchIndex(use.use(await leaseIndex()).uri)

// They start another JVM.
if (allTests()) {
  testSearchIndex('OpenSearch', newIndex)
  testStreamIndex('OpenSearch', newIndex)
} else
  describe('OpenSearch as a search index', () => {
    it.skip('keeps the contract: npm test -- --all', () => {})
  })

const guild = newId()
const [first, second] = [
  aMessage(newId(), { content: 'tea' }),
  aMessage(newId(), { content: 'tea' }),
]
const put = (message: typeof first) =>
  ({ kind: 'index', guild, message, facts: { authorType: 'user' } }) as const
const channels = [first.channelId, second.channelId]
const query = { channels, words: ['tea'], order: 'newest', offset: 0, limit: 25 } as const

describe.runIf(allTests())(
  'indexes of several processes in OpenSearch',
  { timeout: 60_000 },
  () => {
    it('are one index, whichever process applies a change first', async () => {
      const { uri } = use.use(await leaseIndex())
      await using ahead = await openSearchIndex(uri)
      await ahead.reset('stream', 0)
      await using behind = await openSearchIndex(uri)
      const removal = { kind: 'remove', ids: [first.id] } as const
      await ahead.apply([put(first), put(second)], 2)
      await ahead.apply([removal], 3)
      for (const [position, change] of [put(first), put(second), removal].entries()) {
        await behind.apply([change], position + 1)
        for (const index of [ahead, behind])
          expect((await index.search(guild, query, testDeadline())).total).toBe(1)
      }
      await using later = await openSearchIndex(uri)
      expect(later.progress).toEqual(behind.progress)
    })

    it('begin anew for another stream, and drop the old index once it is rebuilt', async () => {
      const { uri } = use.use(await leaseIndex())
      await using index = await openSearchIndex(uri)
      await index.reset('old', 0)
      await index.apply([put(first)], 1_000)
      await index.reset('new', 0)
      await index.apply([put(second)], 1)
      expect((await index.search(guild, query, testDeadline())).total).toBe(1)
      await index.finish(index.progress.build)
      const prefix = new URL(uri).pathname.slice(1)
      const names = await fetch(`${new URL(uri).origin}/_cat/indices/${prefix}-*?h=index`)
      expect((await names.text()).trim().split('\n')).toHaveLength(2)
    })
  },
)

describe('an index whose OpenSearch is away', { timeout: 240_000 }, () => {
  it.runIf(allTests())('fails at once, and goes on with what it had acknowledged', async () => {
    await using engine = await startOpenSearch({ managed: true, shortLived: true })
    await using index = await openSearchIndex(`${engine.uri}/away`)
    await index.reset('stream', 0)
    await index.apply([put(first)], 1)
    await engine.kill()
    const refused = { code: 'UNAVAILABLE' }
    await expect(index.apply([put(second)], 2)).rejects.toMatchObject(refused)
    await expect(index.search(guild, query, testDeadline())).rejects.toMatchObject(refused)
    expect(index.progress.position).toBe(1)
    await engine.restart()
    expect((await index.search(guild, query, testDeadline())).total).toBe(1)
    await index.apply([put(second)], 2)
    expect((await index.search(guild, query, testDeadline())).total).toBe(2)
  })

  it('is UNAVAILABLE, and tells no password', async () => {
    const opening = openSearchIndex('http://ada:secret@127.0.0.1:9/threshold')
    const error = await opening.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'UNAVAILABLE' })
    const texts = [String(error), String((error as Error).cause), JSON.stringify(error)]
    expect(texts.join()).not.toContain('secret')
  })
})
