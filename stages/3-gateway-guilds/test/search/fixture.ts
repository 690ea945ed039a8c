import { leaseDatabase } from '@threshold/engines/testing'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { type NatsSearchIndex, natsSearchIndex } from '../../src/adapters/search-index.nats.ts'
import { sqliteSearchIndex } from '../../src/adapters/search-index.sqlite.ts'
import { type SearchRole, startSearchRole } from '../../src/search/role.ts'
import { type NatsFixture, natsFixture } from '../nats/fixture.ts'

export interface SearchFixture {
  readonly nats: NatsFixture
  readonly mongoUri: string
  readonly metadata: MetadataStore
  readonly messages: MessageStore
  /** The index as an api has it, with a circuit that never opens. */
  connect(): Promise<NatsSearchIndex>
  /** A search role in this process, with a connection of its own. */
  start(options?: { readonly file?: string; readonly messages?: MessageStore }): Promise<SearchRole>
}

/** A NATS and stores for search roles. */
export async function searchFixture(use: AsyncDisposableStack): Promise<SearchFixture> {
  const nats = await natsFixture(use)
  const { uri: mongoUri } = use.use(await leaseDatabase())
  await nats.connect('stores')
  const mongo = use.use(await mongoDatabase({ uri: mongoUri }, nats.runtime.telemetry))
  const stores = {
    metadata: await mongoMetadataStore(mongo),
    messages: await mongoMessageStore(mongo),
  }
  return {
    nats,
    mongoUri,
    ...stores,
    connect: async () =>
      natsSearchIndex(await nats.connect('api'), { isOpen: false, run: (call) => call() }),
    async start({ file, messages = stores.messages } = {}) {
      await using opening = new AsyncDisposableStack()
      const connection = await nats.connect('search')
      const index = opening.use(sqliteSearchIndex(file))
      const role = opening.use(
        await startSearchRole(connection, index, { ...stores, messages }, nats.runtime),
      )
      const opened = opening.move()
      return { ...role, [Symbol.asyncDispose]: () => opened.disposeAsync() }
    },
  }
}
