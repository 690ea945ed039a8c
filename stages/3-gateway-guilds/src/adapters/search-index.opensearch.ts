import { createHash } from 'node:crypto'
import { Client } from '@opensearch-project/opensearch'
import type { MessageId } from '@threshold/contract'
import {
  type Deadline,
  deadlineExceeded,
  isExpired,
  messageOf,
  remainingMs,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import { type Entry, laterOf, MAPPING, toEntry, toFilter } from '../search/opensearch-entry.ts'
import type { IndexChange, IndexProgress, StreamIndex } from '../search/stream-index.ts'

const SETTINGS = {
  number_of_shards: 1,
  auto_expand_replicas: '0-1',
  // A search that follows a write refreshes the index itself.
  refresh_interval: '-1',
  // How long the version of a removed entry is known. An older change must not bring it back.
  gc_deletes: '1h',
} as const

/** Indexes of another version are left alone, and a new one is built. */
const VERSION = 'v1'
const NEW: IndexProgress = { stream: '', position: 0, build: 1, built: 0 }
const REQUEST_TIMEOUT_MS = 10_000
const SWEEP_ENTRIES = 1_000
const CONFLICT = 'version_conflict_engine_exception'

/**
 * An index in OpenSearch, which several search processes on several machines share. Each applies
 * the whole stream. An entry's external version is the position in the stream of its last change:
 * OpenSearch refuses an older one, so that it does not matter which process comes first, or how
 * often a change is applied. Rejects with `UNAVAILABLE` while OpenSearch does not answer.
 */
export async function openSearchIndex(uri: string): Promise<StreamIndex> {
  const { origin, username, password, pathname } = new URL(uri)
  const prefix = `${pathname.replaceAll('/', '') || 'threshold'}-${VERSION}`
  const client = new Client({
    node: origin,
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxRetries: 0,
    ...(username === ''
      ? {}
      : {
          auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
        }),
  })
  const progressIndex = `${prefix}-progress`
  /** Sequences of another stream say nothing about this one, so each stream has an index. */
  const indexOf = (stream: string): string =>
    `${prefix}-${createHash('sha256').update(stream).digest('hex').slice(0, 16)}`

  let progress = NEW
  /** The newest write of the progress. The rebuild and the stream change it at the same time. */
  let saving: Promise<unknown> = Promise.resolve()
  /** Whether OpenSearch has changes that a search cannot see yet. */
  let isChanged = true
  let refreshed: Promise<unknown> = Promise.resolve()

  async function ensureIndex(index: string, body: object): Promise<void> {
    const { body: exists } = await client.indices.exists({ index })
    if (exists) return
    await client.indices.create({ index, body }).catch((error: unknown) => {
      // Another process has just created it.
      if (!messageOf(error).includes('resource_already_exists_exception')) throw error
    })
  }
  const ensureEntries = (stream: string): Promise<void> =>
    ensureIndex(indexOf(stream), { settings: SETTINGS, mappings: MAPPING })

  async function save(change: Partial<IndexProgress>): Promise<void> {
    const next = { ...progress, ...change }
    progress = next
    const write = () => client.index({ index: progressIndex, id: 'progress', body: next })
    saving = saving.then(write, write)
    await saving
  }

  async function readEntries(
    index: string,
    ids: readonly MessageId[],
  ): Promise<Map<MessageId, Entry>> {
    if (ids.length === 0) return new Map()
    const { body } = await client.mget({ index, body: { ids: [...ids] } })
    return new Map(
      body.docs.flatMap((doc) =>
        'found' in doc && doc.found ? [[doc._id, doc._source as unknown as Entry] as const] : [],
      ),
    )
  }

  /** Writes the entries as all changes up to a position leave them. Undefined ones are removed. */
  async function write(
    index: string,
    entries: ReadonlyMap<MessageId, Entry | undefined>,
    position: number,
  ): Promise<void> {
    if (entries.size === 0) return
    const operations = [...entries].flatMap(([id, entry]): object[] => {
      const target = { _id: id, version: position, version_type: 'external_gte' }
      return entry === undefined ? [{ delete: target }] : [{ index: target }, entry]
    })
    const { body } = await client.bulk({ index, body: operations as never })
    isChanged = true
    for (const item of body.items) {
      const { error } = item.index ?? item.delete ?? {}
      if (error && error.type !== CONFLICT) throw new Error(`${error.type}: ${error.reason}`)
    }
  }

  /** Applies changes to the entries as they are now, and returns the new ones. */
  async function change(
    index: string,
    changes: readonly IndexChange[],
    build: number,
  ): Promise<{ entries: Map<MessageId, Entry | undefined>; build: number }> {
    const ids = changes.flatMap((each) => (each.kind === 'index' ? [each.message.id] : []))
    const found = await readEntries(index, [...new Set(ids)])
    const entries = new Map<MessageId, Entry | undefined>()
    let current = build
    for (const each of changes) {
      if (each.kind === 'rebuild') current += 1
      else if (each.kind === 'remove') for (const id of each.ids) entries.set(id, undefined)
      else {
        const { id } = each.message
        const before = entries.has(id) ? entries.get(id) : found.get(id)
        entries.set(id, laterOf(before, toEntry(each, current)))
      }
    }
    return { entries, build: current }
  }

  async function refresh(): Promise<void> {
    if (isChanged) {
      isChanged = false
      refreshed = client.indices
        .refresh({ index: indexOf(progress.stream) })
        .catch((error: unknown) => {
          isChanged = true
          throw error
        })
    }
    await refreshed
  }

  const apply = (changes: readonly IndexChange[], position: number): Promise<void> =>
    orUnavailable(async () => {
      const index = indexOf(progress.stream)
      const { entries, build } = await change(index, changes, progress.build)
      await write(index, entries, position)
      await save({ position, build })
    })

  await orUnavailable(async () => {
    // A crash may set the position back. The changes after it are then applied again.
    const settings = { auto_expand_replicas: '0-1', 'translog.durability': 'async' }
    await ensureIndex(progressIndex, { settings })
    const { body } = await client.get({ index: progressIndex, id: 'progress' }, { ignore: [404] })
    if (body.found) progress = body._source as unknown as IndexProgress
    await ensureEntries(progress.stream)
  })

  return {
    get progress() {
      return progress
    },
    apply,
    reset: (stream, position) =>
      orUnavailable(async () => {
        await ensureEntries(stream)
        await save({ stream, position, build: progress.build + 1, built: 0 })
        isChanged = true
      }),
    beginPage() {
      // A later change has a higher version, so this page does not replace it.
      const { stream, position, build } = progress
      const index = indexOf(stream)
      return (page) =>
        orUnavailable(async () => {
          const changes = page.map((each) => ({ ...each, kind: 'index' as const }))
          const { entries } = await change(index, changes, build)
          await write(index, entries, position)
        })
    },
    dropUnseen: (build, after, before) =>
      orUnavailable(async () => {
        const { position } = progress
        const index = indexOf(progress.stream)
        await refresh()
        const { body } = await client.search({
          index,
          body: {
            query: { range: { id: { gt: after, lt: before } } },
            sort: [{ id: 'asc' }],
            size: SWEEP_ENTRIES,
            _source: ['build'],
          },
        })
        const { hits } = body.hits
        const unseen = hits.filter((hit) => (hit._source as unknown as Entry).build < build)
        await write(index, new Map(unseen.map(({ _id }) => [_id!, undefined])), position)
        return hits.at(-1)?._id
      }),
    finish: (build) =>
      orUnavailable(async () => {
        if (progress.build !== build) return
        await save({ built: build })
        const keep = [progressIndex, indexOf(progress.stream)]
        const { body } = await client.indices.get({ index: `${prefix}-*` })
        const old = Object.keys(body).filter((index) => !keep.includes(index))
        if (old.length > 0) await client.indices.delete({ index: old })
      }),

    index: (guild, message, facts) =>
      apply([{ kind: 'index', guild, message, facts }], progress.position),
    remove: (ids) => apply([{ kind: 'remove', ids }], progress.position),
    search: (guild, query, deadline) =>
      orUnavailable(async () => {
        await withDeadline(deadline, 'search', refresh())
        const { order, limit, offset } = query
        const { body } = await client.search(
          {
            index: indexOf(progress.stream),
            body: {
              query: { bool: toFilter(guild, query) },
              sort: [{ id: order === 'newest' ? 'desc' : 'asc' }],
              from: offset,
              size: limit,
              track_total_hits: true,
              _source: ['channel'],
            },
          },
          { requestTimeout: remainingMs(deadline) },
        )
        const { total, hits } = body.hits
        return {
          total: typeof total === 'number' ? total : (total?.value ?? 0),
          hits: hits.map(({ _id, _source }) => ({
            id: _id!,
            channelId: (_source as unknown as Entry).channel,
          })),
        }
      }, deadline),
    async [Symbol.asyncDispose]() {
      await client.close()
    },
  }
}

/** The client's errors contain the request with its password, so only their message is kept. */
async function orUnavailable<T>(work: () => Promise<T>, deadline?: Deadline): Promise<T> {
  if (deadline && isExpired(deadline)) throw deadlineExceeded('search')
  try {
    return await work()
  } catch (error) {
    if (deadline && isExpired(deadline)) throw deadlineExceeded('search')
    throw unavailable('OpenSearch', new Error(messageOf(error)))
  }
}
