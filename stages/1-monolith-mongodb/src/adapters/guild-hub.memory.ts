import type { GuildId, UserId } from '@threshold/contract'
import type { GuildState, Member } from '@threshold/domain'
import { deadlineAfter, type Runtime, type Telemetry } from '@threshold/kit'
import type {
  GuildHub,
  MemberList,
  MessageStore,
  MetadataStore,
  Permissions,
  UserDelivery,
} from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import { Guild } from '../guild/guild.ts'
import type { TemporaryTimes } from '../guild/temporary-members.ts'
import { createLoadedGuilds } from './loaded-guilds.ts'

/** Time limit of each read while the guilds with temporary members are loaded. */
const READ_TIMEOUT_MS = 30_000
const RETRY_MS = 10_000
/** Ids of published direct messages, so that a retry is published once. */
const MAX_PUBLISHED_IDS = 16_384

export interface MemoryHubOptions {
  /** Changes of presence are collected for this long and published together. */
  readonly presenceDelayMs?: number
  readonly temporary?: TemporaryTimes
  /** Above this many guilds in memory, idle ones are evicted. */
  readonly idleGuilds?: number
}

/**
 * A hub that holds all guilds in this process. A guild is loaded when it is first used, follows its
 * own events from then on, and is evicted when no session has subscribed to it for a while and
 * others need the memory. A restart ends all guilds and all sessions. It loses no state, because a
 * guild writes each change to the metadata store before it publishes it.
 *
 * All reads below are answered from memory once the guild is loaded, so a request may ask for
 * permissions as often as it needs. The price is that only this process may own the guild: a second
 * hub on the same database would not see its changes. Stage 3 gives each guild one owner among many
 * processes.
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
  const { clock, telemetry } = runtime
  const guilds = createLoadedGuilds(ports, runtime, createGuild, idleGuilds)
  const subscribers = new Map<UserId, Set<(delivery: UserDelivery) => void>>()
  const publishedIds = new LRUCache<string, true>({ max: MAX_PUBLISHED_IDS })
  const startedAt = clock.now()
  let epoch = startedAt
  let userSequence = 0
  let disposed = false

  function createGuild(state: GuildState): Guild {
    const { id } = state.guild
    return new Guild(state, {
      ...ports,
      tracer: telemetry.tracer,
      epoch: nextEpoch(),
      presenceDelayMs,
      ...(options.temporary ? { temporary: options.temporary } : {}),
      onMemberAdded: (user) => deliver(user, { kind: 'joined', guildId: id }),
      onDeleted: () => guilds.remove(id),
    })
  }

  /** A guild that is evicted and loaded again has a new log, which needs an epoch of its own. */
  function nextEpoch(): number {
    epoch = Math.max(epoch + 1, clock.now())
    return epoch
  }

  function deliver(user: UserId, delivery: UserDelivery): void {
    for (const subscriber of subscribers.get(user) ?? []) subscriber(delivery)
  }

  /**
   * A restart ends all sessions, and a temporary member who does not return must be removed. Only a
   * loaded guild does that, so all guilds with temporary members are loaded at the start.
   */
  async function loadTemporaryMembers(): Promise<void> {
    try {
      const ids = await ports.metadata.guildsWithTemporaryMembers(deadlineAfter(READ_TIMEOUT_MS))
      for (const id of ids) if (!disposed) await guilds.get(id, deadlineAfter(READ_TIMEOUT_MS))
    } catch {
      if (!disposed) timer = setTimeout(loadTemporaryMembers, RETRY_MS)
    }
  }
  let timer = setTimeout(loadTemporaryMembers, 0)

  return {
    async create(state, deadline) {
      // Durable first: a guild that exists only in memory would be lost with the process.
      await ports.metadata.createGuild(state, deadline)
      guilds.add(state)
      for (const user of state.members.keys())
        deliver(user, { kind: 'joined', guildId: state.guild.id })
    },

    async execute(id, command, deadline) {
      const guild = await guilds.get(id, deadline)
      return guild ? guild.execute(command, deadline) : { ok: false, refusal: 'unknown-guild' }
    },

    async access(id, users, channelId, deadline) {
      const guild = await guilds.get(id, deadline)
      return guild ? guild.access(users, channelId) : { kind: 'unknown-guild' }
    },

    async view(id, user, deadline) {
      return (await guilds.getForView(id, deadline))?.view(user)
    },

    async members(id, query, deadline) {
      const guild = await guilds.get(id, deadline)
      if (!guild) return []
      if ('ids' in query)
        return query.ids
          .map((user) => guild.state.members.get(user))
          .filter((member): member is Member => member !== undefined)
      return 'prefix' in query
        ? guild.members.startingWith(query.prefix, query.limit)
        : guild.members.page(query.after, query.limit)
    },

    async presences(id, users, deadline) {
      const guild = await guilds.get(id, deadline)
      if (!guild) return new Map()
      return new Map(
        users
          .map((user) => [user, guild.presenceOf(user)] as const)
          .filter(([, { status }]) => status !== 'offline'),
      )
    },

    async publish(id: GuildId, event, deadline) {
      const guild = await guilds.get(id, deadline)
      // The guild was deleted meanwhile, so no session is left to receive the event.
      return guild ? guild.publish(event) : { epoch: startedAt, sequence: 0 }
    },

    /**
     * A direct message belongs to no guild, so its event is in no log. It reaches the sessions that
     * are connected now, and a client that reconnects reads the history.
     */
    async publishToUsers(users, event) {
      if (publishedIds.get(event.id)) return
      publishedIds.set(event.id, true)
      userSequence += 1
      const position = { epoch: startedAt, sequence: userSequence }
      for (const user of new Set(users)) deliver(user, { kind: 'event', event, position })
    },

    async subscribe(id, subscriber, deadline) {
      return (await guilds.getForView(id, deadline))?.subscribe(subscriber)
    },

    subscribeUser(user, subscriber) {
      const ofUser = subscribers.get(user) ?? new Set()
      subscribers.set(user, ofUser.add(subscriber))
      // The last one to leave removes the entry. Otherwise every user who ever connected would stay
      // in memory.
      return () => {
        ofUser.delete(subscriber)
        if (ofUser.size === 0 && subscribers.get(user) === ofUser) subscribers.delete(user)
      }
    },

    async [Symbol.asyncDispose]() {
      disposed = true
      clearTimeout(timer)
      guilds.close()
    },
  }
}
