import { type Deadline, encodeJson, hasCode, remainingMs, unavailable } from '@threshold/kit'
import type { SearchIndex } from '@threshold/ports'
import type { Circuit } from '../circuit.ts'
import type { Bus, Operation } from '../nats/bus.ts'
import { JETSTREAM_TIMEOUT_MS, type Nats } from '../nats/connect.ts'
import type { SearchFollower } from '../search/follower.ts'
import type { Rebuilder } from '../search/rebuild.ts'
import { ensureSearchStream, SUBJECT } from '../search/stream.ts'
import type { StreamIndex } from '../search/stream-index.ts'
import { type SearchEntry, type SearchStatus, searchQuery, searchStatus } from '../wire/search.ts'

/** The search indexes of other processes. */
export interface NatsSearchIndex extends SearchIndex {
  /** Has every index rebuilt from the stores. Resolves to the sequence of this entry. */
  rebuild(deadline: Deadline): Promise<number>
  /** The state of one index. Rejects with `UNAVAILABLE` if no process has one. */
  status(deadline: Deadline): Promise<SearchStatus>
}

/**
 * Writes go to a stream that each search process reads, so they need no search process. A search
 * waits until the index knows all earlier writes of this process. While no process serves, it
 * rejects at once.
 */
export async function natsSearchIndex(nats: Nats, circuit: Circuit): Promise<NatsSearchIndex> {
  await ensureSearchStream(nats)
  let last = 0

  async function write(entry: SearchEntry, deadline: Deadline): Promise<number> {
    const timeout = Math.min(JETSTREAM_TIMEOUT_MS, remainingMs(deadline))
    const before = last
    try {
      const { seq } = await nats.jetStream.publish(SUBJECT, encodeJson(entry), { timeout })
      // A stream that was made anew counts from one again.
      last = seq <= before ? seq : Math.max(last, seq)
      return seq
    } catch (error) {
      throw unavailable('NATS', error)
    }
  }
  const request = <Body, Result>(
    operation: Operation<Body, Result>,
    body: Body,
    deadline: Deadline,
  ): Promise<Result> =>
    nats.bus.request(operation, body, deadline).catch((error: unknown) => {
      throw hasCode(error, 'NO_RESPONDERS') ? unavailable('search', error) : error
    })

  return {
    async index(guild, message, facts, deadline) {
      await write({ v: 1, kind: 'index', guild, message, facts }, deadline)
    },
    async remove(ids, deadline) {
      if (ids.length > 0) await write({ v: 1, kind: 'remove', ids: [...ids] }, deadline)
    },
    search: (guild, query, deadline) =>
      circuit.run(() => request(searchQuery, { guild, query, after: last }, deadline)),
    rebuild: (deadline) => write({ v: 1, kind: 'rebuild' }, deadline),
    status: (deadline) => request(searchStatus, null, deadline),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Answers searches. Several processes with an index each share them. */
export const serveSearches = (
  bus: Bus,
  index: Pick<StreamIndex, 'progress' | 'search'>,
  follower: Pick<SearchFollower, 'applied'>,
): Disposable =>
  bus.serve(
    searchQuery,
    async ({ guild, query, after }, deadline) => {
      await follower.applied(after, deadline)
      if (index.progress.built === 0) throw unavailable('the search index, which is being rebuilt,')
      return index.search(guild, query, deadline)
    },
    { queue: 'search' },
  )

export const serveSearchStatus = (
  bus: Bus,
  index: Pick<StreamIndex, 'progress'>,
  rebuilder: Pick<Rebuilder, 'read'>,
): Disposable =>
  bus.serve(searchStatus, async () => {
    const { position, build, built } = index.progress
    return { position, rebuilding: build !== built, ...rebuilder.read }
  })
