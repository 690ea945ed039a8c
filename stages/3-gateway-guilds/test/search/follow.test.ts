import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { deadlineAfter, encodeJson } from '@threshold/kit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type NatsSearchIndex, serveSearches } from '../../src/adapters/search-index.nats.ts'
import { sqliteSearchIndex } from '../../src/adapters/search-index.sqlite.ts'
import { STREAM, SUBJECT } from '../../src/search/stream.ts'
import { ADAPTERS, newPlace, type SearchFixture, searchFixture } from './fixture.ts'

const PROCESS = fileURLToPath(new URL('search-process.ts', import.meta.url))
const WAIT = { timeout: 60_000, interval: 20 }

describe.each(ADAPTERS)('a search index in %s', { timeout: 120_000 }, (adapter) => {
  let use: AsyncDisposableStack
  let fixture: SearchFixture
  let api: NatsSearchIndex
  let place: string
  const [guild, channel] = [newId(), newId()]
  beforeEach(async () => {
    use = new AsyncDisposableStack()
    fixture = await searchFixture(use)
    api = await fixture.connect()
    place = await newPlace(use, adapter)
  }, 120_000)
  afterEach(() => use.disposeAsync())

  /** Processes have a file each, and share an OpenSearch. */
  const start = () => fixture.start(adapter === 'OpenSearch' ? { place } : {})
  const message = (content: string) => aMessage(channel, { content })
  const write = (each: ReturnType<typeof message>) =>
    api.index(guild, each, { authorType: 'user' }, testDeadline())
  const find = (word: string, deadline = testDeadline()) => {
    const all = { channels: [channel], order: 'oldest', offset: 0, limit: 1_000 } as const
    return api.search(guild, { ...all, words: [word] }, deadline)
  }
  const idsOf = async (word: string) => (await find(word)).hits.map(({ id }) => id)
  const searchable = () =>
    expect
      .poll(
        () =>
          find('any').then(
            () => true,
            () => false,
          ),
        WAIT,
      )
      .toBe(true)

  /** A search process on the index. Resolves once it serves. */
  async function startProcess() {
    const args = [PROCESS, JSON.stringify(fixture.nats.config), fixture.mongoUri, place]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL')
      await exited
    }
    use.defer(kill)
    await once(child.stdout, 'data')
    return { kill, signal: (signal: NodeJS.Signals) => void child.kill(signal) }
  }

  it('misses and repeats nothing while its process is killed between writes', async () => {
    const expected: string[] = []
    let process = await startProcess()
    for (let round = 0; round < 3; round++) {
      const written = Array.from({ length: 100 }, (_, i) => message(`word round${i}`))
      const half = written.slice(0, 50)
      for (const each of half) await write(each)
      const killed = process.kill()
      for (const each of written.slice(50)) await write(each)
      const [edited, removed] = [written[7]!, written[75]!]
      const writeTimeMicros = edited.writeTimeMicros + 1n
      await write({ ...edited, content: 'edited', writeTimeMicros })
      await api.remove([removed.id], testDeadline())
      expected.push(
        ...written.filter((each) => each !== edited && each !== removed).map(({ id }) => id),
      )
      await killed
      process = await startProcess()
    }
    await searchable()
    expect(await idsOf('word')).toEqual(expected)
    expect((await find('word')).total).toBe(expected.length)
    expect(await idsOf('edited')).toHaveLength(3)
    // It has not been rebuilt: the store has none of these messages.
    expect((await api.status(testDeadline())).position).toBe(3 * 102)
  })

  it('goes on after NATS was killed and restarted', async () => {
    use.use(await start())
    await write(message('before'))
    expect((await find('before')).total).toBe(1)
    await fixture.nats.kill()
    await fixture.nats.restart()
    const after = message('after')
    await expect
      .poll(
        () =>
          write(after).then(
            () => true,
            () => false,
          ),
        WAIT,
      )
      .toBe(true)
    await expect
      .poll(
        () =>
          find('after').then(
            ({ total }) => total,
            () => 0,
          ),
        WAIT,
      )
      .toBe(1)
    expect((await find('before')).total).toBe(1)
  })

  it('lets a search wait for the writes before it, and no longer than its deadline', async () => {
    const process = await startProcess()
    for (let i = 0; i < 50; i++) {
      await write(message(`number${i}`))
      expect((await find(`number${i}`)).total).toBe(1)
    }
    process.signal('SIGSTOP')
    await write(message('stopped'))
    const answer = find('stopped', deadlineAfter(300))
    await expect(answer).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    process.signal('SIGCONT')
    expect((await find('stopped')).total).toBe(1)
  })

  it('does not answer before it has applied the sequence that a search names', async () => {
    const nats = await fixture.nats.connect('search')
    await using index = sqliteSearchIndex()
    await index.reset('stream', 0)
    await index.finish(index.progress.build)
    const requested: number[] = []
    const gate = Promise.withResolvers<void>()
    const follower = {
      async applied(sequence: number) {
        requested.push(sequence)
        await gate.promise
      },
    }
    using _ = serveSearches(nats.bus, index, follower)
    await write(message('one'))
    await write(message('two'))
    let answered = false
    const answer = find('two').finally(() => {
      answered = true
    })
    await expect.poll(() => requested, WAIT).toEqual([2])
    expect(answered).toBe(false)
    gate.resolve()
    expect((await answer).total).toBe(0)
  })

  it('is shared by processes that each read the whole stream', async () => {
    use.use(await start())
    use.use(await start())
    for (let i = 0; i < 30; i++) {
      await write(message(`shared number${i}`))
      expect((await find(`number${i}`)).total).toBe(1)
      expect((await find('shared')).total).toBe(i + 1)
    }
  })

  it('takes writes while no process serves, and reports searches as unavailable', async () => {
    const first = await fixture.start({ place })
    await write(message('first'))
    await first[Symbol.asyncDispose]()
    await write(message('second'))
    await expect(find('second')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    use.use(await fixture.start({ place }))
    await searchable()
    expect([(await find('first')).total, (await find('second')).total]).toEqual([1, 1])
  })

  it('is rebuilt if the stream no longer has what it lacks', async () => {
    const first = await fixture.start({ place })
    await write(message('forgotten'))
    expect((await find('forgotten')).total).toBe(1)
    await first[Symbol.asyncDispose]()
    await write(message('expired'))
    const { manager } = await fixture.nats.connect('operator')
    await manager.streams.purge(STREAM)
    await write(message('kept'))
    use.use(await fixture.start({ place }))
    await searchable()
    expect((await find('kept')).total).toBe(1)
    // The store has neither. Entries as new as the first one are not dropped.
    expect((await find('expired')).total).toBe(0)
    expect((await api.status(testDeadline())).rebuilding).toBe(false)
  })

  it('begins anew if the stream was made anew', async () => {
    use.use(await start())
    for (let i = 0; i < 3; i++) await write(message('old'))
    expect((await find('old')).total).toBe(3)
    const { manager } = await fixture.nats.connect('operator')
    await manager.streams.delete(STREAM)
    const written = message('new')
    const isWritten = () =>
      write(written).then(
        () => true,
        () => false,
      )
    await expect.poll(isWritten, WAIT).toBe(true)
    // An index that has not noticed yet takes the new sequence for one that it has applied.
    await expect.poll(async () => (await find('new')).total, WAIT).toBe(1)
  })

  it('skips an entry that it cannot read', async () => {
    use.use(await start())
    const { jetStream } = await fixture.nats.connect('other')
    await jetStream.publish(SUBJECT, encodeJson({ v: 2, kind: 'unknown' }))
    await jetStream.publish(SUBJECT, 'no JSON')
    const facts = { authorType: 'user' }
    const wrong = { ...message('readable'), id: 'no id' }
    await jetStream.publish(
      SUBJECT,
      encodeJson({ v: 1, kind: 'index', guild, facts, message: wrong }),
    )
    await jetStream.publish(SUBJECT, encodeJson({ v: 1, kind: 'remove', ids: ['9'.repeat(19)] }))
    await write(message('readable'))
    expect((await find('readable')).total).toBe(1)
  })
})
