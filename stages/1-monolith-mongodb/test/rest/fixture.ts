import { randomBytes } from 'node:crypto'
import { aGuild, type GuildFixture, newId, testDeadline } from '@threshold/conformance/ports'
import { tokens } from '@threshold/contract'
import { createRuntime } from '@threshold/kit'
import type {
  Delivery,
  HubEvent,
  MessageStore,
  MetadataStore,
  Notification,
  Notifier,
  SearchIndex,
} from '@threshold/ports'
import { typescriptAnalytics } from '../../src/adapters/analytics.typescript.ts'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { memoryPublishReconciler } from '../../src/adapters/publish-reconciler.memory.ts'
import { mongoSearchIndex } from '../../src/adapters/search-index.mongodb.ts'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { createContext, type RestTools } from '../../src/rest/context.ts'
import type { Handler } from '../../src/rest/route.ts'
import { messageRoutes } from '../../src/rest/routes/messages.ts'
import { reactionRoutes } from '../../src/rest/routes/reactions.ts'
import { searchRoutes } from '../../src/rest/routes/search.ts'

type Stores = {
  readonly messages: MessageStore
  readonly metadata: MetadataStore
  readonly search: SearchIndex
}
/** Takes the place of a call; `call` makes the real one. */
type Fault = (call: () => Promise<unknown>, firstArgument: unknown) => Promise<unknown>

/**
 * REST's routes for messages without HTTP, on real stores into which a test injects faults. The
 * guild's owner has one session, whose events are recorded.
 */
export interface RestFixture extends AsyncDisposable {
  readonly guild: GuildFixture
  readonly stores: Stores
  /** The pushes that were enqueued. */
  readonly pushes: readonly Notification[]
  /** Calls a route by the name of its action, as the guild's owner. */
  call(
    action: string,
    more?: { params?: Record<string, string>; body?: unknown; query?: unknown },
  ): Promise<{ id: string }>
  /** The events of this type that the owner's session received. */
  received(type: string): HubEvent[]
  /** Replaces the next `times` calls of a store's method. */
  injectFault<P extends keyof Stores>(
    port: P,
    method: keyof Stores[P] & string,
    fault: Fault,
    times?: number,
  ): void
}

/** A fixture with the guild of an earlier one is the same stage after a restart. */
export async function restFixture(
  mongo: MongoDatabase,
  guild = aGuild(1),
  tools: Partial<Pick<RestTools, 'newId'>> = {},
): Promise<RestFixture> {
  const faults = new Map<string, { fault: Fault; times: number }>()
  const withFaults = <T extends object>(port: string, real: T): T =>
    new Proxy(real, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const call = (): Promise<unknown> => value.apply(target, args)
          const injected = faults.get(`${port}.${String(key)}`)
          if (!injected || injected.times === 0) return call()
          injected.times -= 1
          return injected.fault(call, args[0])
        }
      },
    })
  const stores: Stores = {
    messages: await mongoMessageStore(mongo),
    metadata: await mongoMetadataStore(mongo),
    search: await mongoSearchIndex(mongo),
  }
  const messages = withFaults('messages', stores.messages)
  const metadata = withFaults('metadata', stores.metadata)
  const search = withFaults('search', stores.search)
  const pushes: Notification[] = []
  const notifier: Notifier = {
    enqueue: async (push) => void pushes.push(push),
    [Symbol.asyncDispose]: async () => {},
  }
  const runtime = createRuntime({ random: randomBytes })
  const hub = memoryGuildHub(
    { metadata, messages, permissions: typescriptPermissions(), memberList: typescriptMemberList },
    runtime,
  )
  const analytics = typescriptAnalytics(runtime.clock)
  const reconciler = memoryPublishReconciler(runtime)
  const context = createContext(
    { messages, metadata, search, notifier, hub, analytics, reconciler },
    { tokens: tokens('x'.repeat(32)), newId, gatewayUrl: () => '', ...tools },
    runtime,
  )
  const handlers = new Map<string, Handler>()
  const add = (_method: string, _path: string, action: string, handler: Handler): void =>
    void handlers.set(action, handler)
  messageRoutes(add, context)
  reactionRoutes(add, context)
  searchRoutes(add, context)

  const userId = guild.owner.user.id
  for (const { user } of guild.state.members.values())
    await stores.metadata.createUser(user, testDeadline())
  await hub.create(guild.state, testDeadline())
  const deliveries: Delivery[] = []
  const presence = { status: 'online', activities: [] } as const
  const deliver = (delivery: Delivery): void => void deliveries.push(delivery)
  const session = { userId, sessionId: newId(), presence, deliver }
  await hub.subscribe(guild.id, session, testDeadline())
  return {
    guild,
    stores,
    pushes,
    call: async (action, { params = {}, body, query = {} } = {}) =>
      (await handlers.get(action)!({
        userId,
        params: { guild: guild.id, channel: guild.text.id, ...params },
        query,
        body,
        gatewayUrl: '',
        deadline: testDeadline(),
      })) as { id: string },
    received: (type) =>
      deliveries.flatMap((delivery) =>
        delivery.kind === 'event' && delivery.event.type === type ? [delivery.event] : [],
      ),
    injectFault: (port, method, fault, times = 1) =>
      void faults.set(`${port}.${method}`, { fault, times }),
    async [Symbol.asyncDispose]() {
      await reconciler[Symbol.asyncDispose]()
      await hub[Symbol.asyncDispose]()
      await runtime.telemetry[Symbol.asyncDispose]()
    },
  }
}
