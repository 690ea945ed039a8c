import { setTimeout as delay } from 'node:timers/promises'
import type { ReadinessCheck, Runtime } from '@threshold/kit'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import { serveSearches, serveSearchStatus } from '../adapters/search-index.nats.ts'
import type { Nats } from '../nats/connect.ts'
import { followSearchStream } from './follower.ts'
import { createRebuilder } from './rebuild.ts'
import type { StreamIndex } from './stream-index.ts'

/** A short rebuild is over before the process reports that it serves. A long one goes on. */
const START_WITHIN_MS = 2_000

export interface SearchRole extends AsyncDisposable {
  readonly readiness: ReadinessCheck
}

/**
 * Keeps an index up to date and answers searches of it. A process whose index lacks messages serves
 * once it has read all stored ones; until then other processes serve alone. A later rebuild of a
 * complete index is no reason to stop: it only corrects the index.
 */
export async function startSearchRole(
  nats: Nats,
  index: StreamIndex,
  stores: { readonly metadata: MetadataStore; readonly messages: MessageStore },
  runtime: Pick<Runtime, 'clock' | 'log'>,
): Promise<SearchRole> {
  await using opening = new AsyncDisposableStack()
  const built = Promise.withResolvers<void>()
  const check = (): void => {
    rebuilder.check()
    if (index.progress.built > 0) built.resolve()
  }
  const rebuilder = opening.use(createRebuilder(index, stores, check, runtime))
  const follower = opening.use(await followSearchStream(nats, index, check, runtime))
  opening.use(serveSearchStatus(nats.bus, index, rebuilder))
  const serving = opening.use(new DisposableStack())
  let isServing = false
  check()
  const started = Promise.all([built.promise, follower.caughtUp]).then(() => {
    if (serving.disposed) return
    serving.use(serveSearches(nats.bus, index, follower))
    isServing = true
  })
  await Promise.race([started, delay(START_WITHIN_MS, undefined, { ref: false })])
  const opened = opening.move()
  return {
    readiness: {
      name: 'search',
      reason: () =>
        isServing && index.progress.built > 0 ? undefined : 'the index is being built',
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
