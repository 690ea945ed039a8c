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
import { mongoSearchIndex } from '../../src/adapters/search-index.mongodb.ts'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { createContext, type RestTools } from '../../src/rest/context.ts'
import { createEventPublisher } from '../../src/rest/messages/event-publisher.ts'
import type { Handler } from '../../src/rest/route.ts'
import { messageRoutes } from '../../src/rest/routes/messages.ts'
import { reactionRoutes } from '../../src/rest/routes/reactions.ts'
import { searchRoutes } from '../../src/rest/routes/search.ts'

type Stores = {
  readonly messages: MessageStore
  readonly metadata: MetadataStore
  readonly search: SearchIndex
}
type Fault = (call: () => Promise<unknown>, first: unknown) => Promise<unknown>

/**
 * REST's routes for messages without HTTP, on real stores whose calls can be made to fail, and a
 * session that hears.
 */
export interface Rest extends AsyncDisposable {
  readonly guild: GuildFixture
  readonly stores: Stores
  /** Pushes that were asked for. */
  readonly pushed: readonly Notification[]
  /** Asks a route by its action's name, as the guild's owner. */
  ask(
    action: string,
    more?: { params?: Record<string, string>; body?: unknown; query?: unknown },
  ): Promise<{ id: string }>
  /** What the owner's session was told, of this type. */
  heard(type: string): HubEvent[]
  /** The next `times` calls of a store's method go as the fault has it. */
  fault<P extends keyof Stores>(
    port: P,
    method: keyof Stores[P] & string,
    act: Fault,
    times?: number,
  ): void
}

/** With a guild of an earlier one it is the same stage after a restart. */
export async function rest(
  mongo: MongoDatabase,
  guild = aGuild(1),
  tools: Partial<Pick<RestTools, 'newId'>> = {},
): Promise<Rest> {
  const faults = new Map<string, { act: Fault; times: number }>()
  const faulty = <T extends object>(port: string, real: T): T =>
    new Proxy(real, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const call = (): Promise<unknown> => value.apply(target, args)
          const fault = faults.get(`${port}.${String(key)}`)
          if (!fault || fault.times === 0) return call()
          fault.times -= 1
          return fault.act(call, args[0])
        }
      },
    })
  const stores: Stores = {
    messages: await mongoMessageStore(mongo),
    metadata: await mongoMetadataStore(mongo),
    search: await mongoSearchIndex(mongo),
  }
  const messages = faulty('messages', stores.messages)
  const metadata = faulty('metadata', stores.metadata)
  const search = faulty('search', stores.search)
  const pushed: Notification[] = []
  const notifier: Notifier = {
    enqueue: async (push) => void pushed.push(push),
    [Symbol.asyncDispose]: async () => {},
  }
  const runtime = createRuntime({ random: randomBytes })
  const hub = memoryGuildHub(
    { metadata, messages, permissions: typescriptPermissions(), memberList: typescriptMemberList },
    runtime,
  )
  const ports = {
    messages,
    metadata,
    search,
    notifier,
    hub,
    analytics: typescriptAnalytics(runtime.clock),
  }
  const context = createContext(
    ports,
    { tokens: tokens('x'.repeat(32)), newId, gatewayUrl: () => '', ...tools },
    runtime,
  )
  const publisher = createEventPublisher(context)
  const handlers = new Map<string, Handler>()
  const add = (_method: string, _path: string, action: string, handler: Handler): void =>
    void handlers.set(action, handler)
  messageRoutes(add, context, publisher)
  reactionRoutes(add, context)
  searchRoutes(add, context)

  const me = guild.owner.user.id
  for (const { user } of guild.state.members.values())
    await stores.metadata.createUser(user, testDeadline())
  await hub.create(guild.state, testDeadline())
  const told: Delivery[] = []
  const presence = { status: 'online', activities: [] } as const
  await hub.subscribe(
    guild.id,
    { userId: me, sessionId: newId(), presence, deliver: (delivery) => void told.push(delivery) },
    testDeadline(),
  )
  return {
    guild,
    stores,
    pushed,
    ask: async (action, { params = {}, body, query = {} } = {}) =>
      (await handlers.get(action)!({
        userId: me,
        params: { guild: guild.id, channel: guild.text.id, ...params },
        query,
        body,
        gatewayUrl: '',
        deadline: testDeadline(),
      })) as { id: string },
    heard: (type) =>
      told.flatMap((delivery) =>
        delivery.kind === 'event' && delivery.event.type === type ? [delivery.event] : [],
      ),
    fault: (port, method, act, times = 1) => void faults.set(`${port}.${method}`, { act, times }),
    async [Symbol.asyncDispose]() {
      await publisher[Symbol.asyncDispose]()
      await hub[Symbol.asyncDispose]()
      await runtime.telemetry[Symbol.asyncDispose]()
    },
  }
}
