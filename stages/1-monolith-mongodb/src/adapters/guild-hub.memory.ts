import type { GuildId, UserId } from '@threshold/contract'
import {
  channelPermissions,
  type GuildState,
  guildPermissions,
  type Member,
  withoutDanglingReferences,
} from '@threshold/domain'
import {
  type Deadline,
  deadlineAfter,
  type Runtime,
  type Telemetry,
  withDeadline,
} from '@threshold/kit'
import type {
  GuildHub,
  MemberList,
  MessageStore,
  MetadataStore,
  Permissions,
  UserDelivery,
} from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import { Guild, type GuildDependencies } from '../guild/guild.ts'
import { tryNewest } from '../guild/last-messages.ts'
import type { TemporaryTimes } from '../guild/temporary-members.ts'

/** What loading the largest guild may take. Callers have deadlines of their own. */
const LOAD_MS = 30_000
/** When the store was away at the start, it is asked again after this long. */
const AGAIN_MS = 10_000
/** After the store did not say which messages are the newest, it is left alone for this long. */
const PAUSE_MS = 5_000
const CATEGORY = 4
/** Direct messages whose ids are remembered, so that a retry is not told twice. */
const REMEMBERED = 16_384

export interface MemoryHubOptions {
  /** Presence changes are gathered for this long before they are told. */
  readonly presenceDelayMs?: number
  readonly temporary?: TemporaryTimes
  /** Guilds kept in memory beyond those that somebody listens to. */
  readonly idleGuilds?: number
}

/**
 * All guilds in this process. They are loaded when first asked for, follow their own events from
 * then on, and are dropped when nobody has listened for a while and others need the room. With the
 * process they are gone, and with it every session: what is durable is in the metadata store before
 * it is told to anyone.
 */
export function memoryGuildHub(
  ports: {
    metadata: MetadataStore
    messages: Pick<MessageStore, 'newest'>
    permissions: Permissions
    memberList: () => MemberList
  },
  runtime: Pick<Runtime, 'clock' | 'log'> & {
    readonly telemetry: Pick<Telemetry, 'tracer'>
  },
  options: MemoryHubOptions = {},
): GuildHub {
  const { presenceDelayMs = 200, idleGuilds = 5_000 } = options
  const began = runtime.clock.now()
  let epoch = began
  const guilds = new Map<GuildId, Guild>()
  const loading = new Map<GuildId, Promise<Guild | undefined>>()
  const listeners = new Map<UserId, Set<(delivery: UserDelivery) => void>>()
  /**
   * When each guild may be asked for again, and until when loading one does not wait for the
   * answer.
   */
  const askAgainAt = new WeakMap<Guild, number>()
  let failingUntil = 0
  const told = new LRUCache<string, true>({ max: REMEMBERED })
  let userSequence = 0
  let disposed = false

  /**
   * A restart ends every session. Guilds with temporary members are loaded, so that members who do
   * not come back are removed even where no request asks for their guild.
   */
  const wakeTemporary = async (): Promise<void> => {
    try {
      const ids = await ports.metadata.guildsWithTemporaryMembers(deadlineAfter(LOAD_MS))
      for (const id of ids) if (!disposed) await guild(id, deadlineAfter(LOAD_MS))
    } catch {
      if (!disposed) sweep = setTimeout(wakeTemporary, AGAIN_MS)
    }
  }
  let sweep = setTimeout(wakeTemporary, 0)

  const tell = (user: UserId, delivery: UserDelivery): void => {
    for (const deliver of listeners.get(user) ?? []) deliver(delivery)
  }
  /**
   * A guild that was dropped and is loaded again begins a new log, so it needs an epoch that no log
   * of its had before.
   */
  const nextEpoch = (): number => {
    epoch = Math.max(epoch + 1, runtime.clock.now())
    return epoch
  }
  const wake = (id: GuildId, state: GuildState): Guild => {
    const tools: GuildDependencies = {
      ...ports,
      tracer: runtime.telemetry.tracer,
      epoch: nextEpoch(),
      presenceDelayMs,
      ...(options.temporary ? { temporary: options.temporary } : {}),
      onMemberAdded: (user) => tell(user, { kind: 'joined', guildId: id }),
      onDeleted: () => drop(id),
    }
    const woken = new Guild(state, tools)
    if (disposed) woken.close()
    return keep(id, woken)
  }

  /**
   * One load however many ask at once, and it goes on when the first of them gives up: a guild that
   * takes longer to load than its callers have patience would otherwise be begun again for ever.
   */
  async function guild(id: GuildId, deadline: Deadline): Promise<Guild | undefined> {
    const known = guilds.get(id)
    if (known) {
      guilds.delete(id) // to the end of the map: least recently used first
      guilds.set(id, known)
      return known
    }
    let loaded = loading.get(id)
    if (!loaded) {
      loaded = load(id).finally(() => loading.delete(id))
      loaded.catch(() => {}) // whoever waits hears of it; nobody may be waiting any more
      loading.set(id, loaded)
    }
    return withDeadline(deadline, 'the guild', loaded)
  }

  async function load(id: GuildId): Promise<Guild | undefined> {
    const stored = await ports.metadata.loadGuild(id, deadlineAfter(LOAD_MS))
    if (!stored || guilds.has(id)) return guilds.get(id)
    const state = withoutDanglingReferences(stored)
    // Before anybody can see the guild, so that the first who do are told, too.
    const waits = runtime.clock.now() >= failingUntil
    const newest = waits ? await newestIn(state) : undefined
    const found = guilds.get(id) ?? wake(id, state)
    if (waits) learn(found, newest)
    return found
  }

  const newestIn = ({ channels }: GuildState) =>
    tryNewest(
      ports.messages,
      [...channels.values()].flatMap(({ id, type }) => (type === CATEGORY ? [] : [id])),
      runtime,
    )

  /**
   * Where the store could not say, the guild serves without, and asks again when it is looked at
   * later.
   */
  function learn(found: Guild, newest: Awaited<ReturnType<typeof newestIn>>): void {
    if (newest) found.lastMessages.mergeStored(newest)
    else {
      failingUntil = runtime.clock.now() + PAUSE_MS
      askAgainAt.set(found, failingUntil)
    }
  }

  /** A guild that somebody looks at. */
  async function seen(id: GuildId, deadline: Deadline): Promise<Guild | undefined> {
    const found = await guild(id, deadline)
    if (!found || found.lastMessages.complete) return found
    if (runtime.clock.now() < (askAgainAt.get(found) ?? 0)) return found
    askAgainAt.set(found, Number.POSITIVE_INFINITY) // until the answer
    void newestIn(found.state).then((newest) => learn(found, newest))
    return found
  }

  function keep(id: GuildId, loaded: Guild): Guild {
    guilds.set(id, loaded)
    if (guilds.size <= idleGuilds) return loaded
    for (const [other, candidate] of guilds) {
      if (guilds.size <= idleGuilds) break
      if (other !== id && candidate.idle) drop(other)
    }
    return loaded
  }

  function drop(id: GuildId): void {
    guilds.get(id)?.close()
    guilds.delete(id)
  }

  return {
    async create(state, deadline) {
      await ports.metadata.createGuild(state, deadline)
      if (!guilds.has(state.guild.id))
        wake(state.guild.id, state).lastMessages.mergeStored(new Map())
      for (const user of state.members.keys())
        tell(user, { kind: 'joined', guildId: state.guild.id })
    },

    async execute(id, command, deadline) {
      const found = await guild(id, deadline)
      return found ? found.execute(command, deadline) : { ok: false, refusal: 'unknown-guild' }
    },

    async access(id, user, channelId, deadline) {
      const found = await guild(id, deadline)
      if (!found) return { kind: 'unknown-guild' }
      const { state } = found
      const member = state.members.get(user)
      if (channelId === undefined)
        return member
          ? { kind: 'member', member, permissions: guildPermissions(state, member) }
          : { kind: 'not-member' }
      const channel = state.channels.get(channelId)
      if (!channel) return { kind: 'unknown-channel' }
      if (!member) return { kind: 'not-member' }
      const lastMessageId = found.lastMessages.get(channelId)
      const permissions = channelPermissions(state, member, channel)
      return {
        kind: 'member',
        member,
        permissions,
        channel,
        ...(lastMessageId ? { lastMessageId } : {}),
      }
    },

    async view(id, user, deadline) {
      return (await seen(id, deadline))?.view(user)
    },

    async members(id, query, deadline) {
      const found = await guild(id, deadline)
      if (!found) return []
      if ('ids' in query)
        return query.ids
          .map((user) => found.state.members.get(user))
          .filter((m): m is Member => m !== undefined)
      return 'prefix' in query
        ? found.members.startingWith(query.prefix, query.limit)
        : found.members.page(query.after, query.limit)
    },

    async presences(id, users, deadline) {
      const found = await guild(id, deadline)
      return new Map(
        found
          ? users
              .map((user) => [user, found.presenceOf(user)] as const)
              .filter(([, p]) => p.status !== 'offline')
          : [],
      )
    },

    async publish(id, event, deadline) {
      return (await guild(id, deadline))?.publish(event) ?? { epoch: began, sequence: 0 }
    },

    async publishToUsers(users, event) {
      if (told.get(event.id)) return
      told.set(event.id, true)
      userSequence += 1
      for (const user of new Set(users))
        tell(user, { kind: 'event', event, position: { epoch: began, sequence: userSequence } })
    },

    async subscribe(id, subscriber, deadline) {
      return (await seen(id, deadline))?.subscribe(subscriber)
    },

    subscribeUser(user, deliver) {
      const own = listeners.get(user) ?? new Set()
      listeners.set(user, own.add(deliver))
      return () => {
        own.delete(deliver)
        if (own.size === 0 && listeners.get(user) === own) listeners.delete(user)
      }
    },

    async [Symbol.asyncDispose]() {
      disposed = true
      clearTimeout(sweep)
      for (const each of guilds.values()) each.close()
      guilds.clear()
    },
  }
}
