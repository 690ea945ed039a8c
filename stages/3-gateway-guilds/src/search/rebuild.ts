import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { type ChannelId, firstIdAt, type GuildId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import pRetry from 'p-retry'
import type { IndexedMessage, StreamIndex } from './stream-index.ts'

const PAGE = 100
const READ_TIMEOUT_MS = 5_000
const RETRY_MS = 1_000
/**
 * A message is stored at most this long after its entry, so a rebuild can miss one that is younger
 * when it begins. The entry of such a message is kept.
 */
const UNSETTLED_MS = 60_000

interface Stores {
  readonly metadata: Pick<MetadataStore, 'guildChannels' | 'users'>
  readonly messages: Pick<MessageStore, 'page' | 'get'>
}

export interface Rebuilder extends AsyncDisposable {
  /** Begins to rebuild if the index needs it and no rebuild is under way. */
  check(): void
  /** Numbers of what the current or last rebuild has read so far. */
  readonly read: { readonly channels: number; readonly messages: number }
}

/**
 * Rebuilds an index from the stores, while the stream goes on to change it. Changes are published
 * after they are stored, except that a new message is published before. A page of messages
 * therefore shows all changes that the index had applied before the page was read, and those that
 * it applies meanwhile count instead of the page. At the end, entries that neither the stores nor
 * the stream have shown are dropped. `onEnded` is called when no rebuild is under way any more, and
 * must call `check` again.
 */
export function createRebuilder(
  index: StreamIndex,
  { metadata, messages }: Stores,
  onEnded: () => void,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): Rebuilder {
  const stop = new AbortController()
  let running: Promise<void> | undefined
  let read = { channels: 0, messages: 0 }

  /** Reads from a store until it answers. */
  const retry = <T>(work: (deadline: Deadline) => Promise<T>): Promise<T> =>
    pRetry(() => work(deadlineAfter(READ_TIMEOUT_MS, clock)), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 100,
      maxTimeout: 5_000,
      signal: stop.signal,
      onFailedAttempt: ({ error }) =>
        log.warn({ err: messageOf(error) }, 'the rebuild of the search index waits'),
    })

  async function withFacts(
    guild: GuildId,
    channel: ChannelId,
    page: readonly StoredMessage[],
  ): Promise<IndexedMessage[]> {
    const authorIds = [...new Set(page.map(({ authorId }) => authorId))]
    const repliedIds = [...new Set(page.flatMap(({ reference }) => reference?.messageId ?? []))]
    const [authors, replied] = await retry((deadline) =>
      Promise.all([
        metadata.users(authorIds, deadline),
        repliedIds.length > 0 ? messages.get(channel, repliedIds, deadline) : [],
      ]),
    )
    const bots = new Set(authors.filter(({ bot }) => bot).map(({ id }) => id))
    const repliedTo = new Map(replied.map(({ id, authorId }) => [id, authorId]))
    return page.map((message) => {
      const author = message.reference && repliedTo.get(message.reference.messageId)
      const authorType = bots.has(message.authorId) ? 'bot' : 'user'
      return {
        guild,
        message,
        facts: { authorType, ...(author === undefined ? {} : { repliedTo: author }) },
      }
    })
  }

  async function addChannel(guild: GuildId, channel: ChannelId, build: number): Promise<void> {
    let before: string | undefined
    while (index.progress.build === build) {
      const add = index.beginPage()
      const anchor = before === undefined ? { at: 'latest' } : { at: 'before', id: before }
      const page = await retry((deadline) =>
        messages.page(channel, anchor as Parameters<MessageStore['page']>[1], PAGE, deadline),
      )
      const indexed = await withFacts(guild, channel, page)
      await retry(() => add(indexed))
      read = { ...read, messages: read.messages + page.length }
      if (page.length < PAGE) return
      before = page.at(-1)!.id
    }
  }

  /** Ends early if another rebuild begins: that one reads everything. */
  async function rebuild(build: number): Promise<void> {
    const settled = firstIdAt(clock.now() - UNSETTLED_MS)
    read = { channels: 0, messages: 0 }
    for (let after: ChannelId | undefined; ; ) {
      const options = { limit: PAGE, ...(after === undefined ? {} : { after }) }
      const channels = await retry((deadline) => metadata.guildChannels(options, deadline))
      for (const { id, guildId } of channels) {
        await addChannel(guildId!, id, build)
        if (index.progress.build !== build) return
        read = { ...read, channels: read.channels + 1 }
      }
      after = channels.at(-1)?.id
      if (channels.length < PAGE) break
    }
    for (let id: string | undefined = '0'; id !== undefined; await setImmediate())
      id = await index.dropUnseen(build, id, settled)
    await index.finish(build)
    log.info(read, 'the search index is rebuilt')
  }

  async function run(): Promise<void> {
    try {
      await rebuild(index.progress.build)
    } catch (error) {
      if (stop.signal.aborted) return
      log.error({ err: error }, 'the search index is not rebuilt; trying again')
      await delay(RETRY_MS, undefined, { signal: stop.signal }).catch(() => {})
    }
  }

  return {
    check() {
      if (stop.signal.aborted || index.progress.build === index.progress.built) return
      running ??= run().finally(() => {
        running = undefined
        onEnded()
      })
    },
    get read() {
      return read
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
