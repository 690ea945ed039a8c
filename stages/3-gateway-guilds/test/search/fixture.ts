import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allTests, leaseDatabase, leaseIndex } from '@threshold/engines/testing'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { type NatsSearchIndex, natsSearchIndex } from '../../src/adapters/search-index.nats.ts'
import { type SearchRole, startSearchRole } from '../../src/search/role.ts'
import { type NatsFixture, natsFixture } from '../nats/fixture.ts'
import type { SearchAdapter } from '../stage.ts'
import { openIndex } from './open-index.ts'

export interface SearchFixture {
  readonly nats: NatsFixture
  readonly mongoUri: string
  readonly metadata: MetadataStore
  readonly messages: MessageStore
  /** The index as an api has it, with a circuit that never opens. */
  connect(): Promise<NatsSearchIndex>
  /** A search role in this process, with a connection of its own. */
  start(options?: {
    /** Default: in memory. */
    readonly place?: string
    readonly messages?: MessageStore
  }): Promise<SearchRole>
}

/** OpenSearch starts another JVM. */
export const ADAPTERS: readonly SearchAdapter[] = allTests() ? ['SQLite', 'OpenSearch'] : ['SQLite']

/** The file or the address of a new index. */
export async function newPlace(use: AsyncDisposableStack, adapter: SearchAdapter): Promise<string> {
  if (adapter === 'OpenSearch') return use.use(await leaseIndex()).uri
  return join(use.use(await mkdtempDisposable(join(tmpdir(), 'threshold-search-'))).path, 'index')
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
    async start({ place, messages = stores.messages } = {}) {
      await using opening = new AsyncDisposableStack()
      const connection = await nats.connect('search')
      const index = opening.use(await openIndex(place))
      const role = opening.use(
        await startSearchRole(connection, index, { ...stores, messages }, nats.runtime),
      )
      const opened = opening.move()
      return { ...role, [Symbol.asyncDispose]: () => opened.disposeAsync() }
    },
  }
}
