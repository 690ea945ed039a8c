import type { StoredMessage } from '@threshold/domain'
import { hasCode, unavailable } from '@threshold/kit'
import type { SearchFacts, SearchIndex, SearchQuery, SearchResult } from '@threshold/ports'
import { z } from 'zod'
import type { Circuit } from '../circuit.ts'
import type { Bus } from '../nats/bus.ts'

const objectOf = <T extends object>() =>
  z.custom<T>((value) => typeof value === 'object' && value !== null)

const index = {
  subject: 'search.index',
  body: z.object({
    guild: z.string(),
    message: objectOf<StoredMessage>(),
    facts: objectOf<SearchFacts>(),
  }),
  result: z.null(),
}
const remove = {
  subject: 'search.remove',
  body: z.object({ ids: z.array(z.string()) }),
  result: z.null(),
}
const search = {
  subject: 'search.query',
  body: z.object({ guild: z.string(), query: objectOf<SearchQuery>() }),
  result: objectOf<SearchResult>(),
}

/** The search index of another process. While there is none, requests reject at once. */
export const natsSearchIndex = (bus: Bus, circuit: Circuit): SearchIndex => {
  const ask: Bus['request'] = (operation, body, deadline) =>
    bus.request(operation, body, deadline).catch((error: unknown) => {
      throw hasCode(error, 'NO_RESPONDERS') ? unavailable('search', error) : error
    })
  return {
    async index(guild, message, facts, deadline) {
      await ask(index, { guild, message, facts }, deadline)
    },
    async remove(ids, deadline) {
      await ask(remove, { ids: [...ids] }, deadline)
    },
    search: (guild, query, deadline) => circuit.run(() => ask(search, { guild, query }, deadline)),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Serves the index of this process. Several processes may serve one index, and share requests. */
export function serveSearchIndex(bus: Bus, served: SearchIndex): Disposable {
  const use = new DisposableStack()
  const queue = { queue: 'search' }
  use.use(
    bus.serve(
      index,
      async ({ guild, message, facts }, deadline) => {
        await served.index(guild, message, facts, deadline)
        return null
      },
      queue,
    ),
  )
  use.use(
    bus.serve(
      remove,
      async ({ ids }, deadline) => {
        await served.remove(ids, deadline)
        return null
      },
      queue,
    ),
  )
  use.use(
    bus.serve(search, ({ guild, query }, deadline) => served.search(guild, query, deadline), queue),
  )
  return use
}
