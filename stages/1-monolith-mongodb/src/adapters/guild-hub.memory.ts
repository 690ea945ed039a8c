import type { GuildId } from '@threshold/contract'
import type { GuildState, Member } from '@threshold/domain'
import {
  deadlineAfter,
  type Runtime,
  systemTimers,
  type Telemetry,
  type Timers,
} from '@threshold/kit'
import type {
  Delivery,
  GuildHub,
  MemberList,
  MessageStore,
  MetadataStore,
  Permissions,
} from '@threshold/ports'
import type { Listener } from '../guild/audience.ts'
import { Guild } from '../guild/guild.ts'
import type { TemporaryTimes } from '../guild/temporary-members.ts'
import { createLoadedGuilds } from './loaded-guilds.ts'
import { createUserEvents } from './user-events.ts'

/** Time limit of each read while the guilds with temporary members are loaded. */
const READ_TIMEOUT_MS = 30_000
const RETRY_MS = 10_000

export interface MemoryHubOptions {
  /** Changes of presence are collected for this long and published together. */
  readonly presenceDelayMs?: number
  readonly temporary?: TemporaryTimes
  /** Above this many guilds in memory, idle ones are evicted. */
  readonly idleGuilds?: number
  readonly timers?: Timers
}

/** A session of this process. */
interface LocalListener extends Listener {
  /** False once the session has unsubscribed. Events that still wait for it are dropped. */
  active: boolean
  deliver(delivery: Delivery): void
}

/** All recipients share one delivery object. The loop allocates nothing per recipient. */
function deliverToAll(listeners: readonly LocalListener[], delivery: Delivery): void {
  for (const listener of listeners) if (listener.active) listener.deliver(delivery)
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
  const { presenceDelayMs = 200, idleGuilds = 5_000, timers = systemTimers } = options
  const { clock, telemetry } = runtime
  const guilds = createLoadedGuilds(ports, runtime, createGuild, idleGuilds)
  const users = createUserEvents(ports, runtime)
  const startedAt = clock.now()
  let epoch = startedAt
  let disposed = false

  function createGuild(state: GuildState): Guild<LocalListener> {
    const { id } = state.guild
    return new Guild(state, {
      ...ports,
      tracer: telemetry.tracer,
      clock,
      timers,
      deliver: deliverToAll,
      epoch: nextEpoch(),
      presenceDelayMs,
      ...(options.temporary ? { temporary: options.temporary } : {}),
      onMemberAdded: (user) => users.joined(user, id),
      onDeleted: () => guilds.remove(id),
    })
  }

  /** A guild that is evicted and loaded again has a new log, which needs an epoch of its own. */
  function nextEpoch(): number {
    epoch = Math.max(epoch + 1, clock.now())
    return epoch
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
      for (const user of state.members.keys()) users.joined(user, state.guild.id)
    },

    async execute(id, command, deadline) {
      const guild = await guilds.get(id, deadline)
      return guild ? guild.execute(command, deadline) : { ok: false, refusal: 'unknown-guild' }
    },

    async access(id, userIds, channelId, deadline) {
      const guild = await guilds.get(id, deadline)
      return guild ? guild.access(userIds, channelId) : { kind: 'unknown-guild' }
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

    async presences(id, userIds, deadline) {
      const guild = await guilds.get(id, deadline)
      if (!guild) return new Map()
      return new Map(
        userIds
          .map((user) => [user, guild.subscriptions.presenceOf(user)] as const)
          .filter(([, { status }]) => status !== 'offline'),
      )
    },

    async publish(id: GuildId, event, deadline) {
      const guild = await guilds.get(id, deadline)
      // The guild was deleted meanwhile, so no session is left to receive the event.
      if (!guild) return { epoch: startedAt, sequence: 0 }
      const { position, durable } = guild.publish(event)
      await durable
      return position
    },

    publishToUsers: async (userIds, event) => users.publish(userIds, event),

    async subscribe(id, { userId, sessionId, presence, continues, deliver }, deadline) {
      const guild = await guilds.getForView(id, deadline)
      const listener = { userId, sessionId, deliver, active: true }
      const start = guild?.position
      if (!guild?.subscribe(listener, presence, continues)) return undefined
      const { subscriptions } = guild
      const unsubscribe = (): void => {
        listener.active = false
        subscriptions.unsubscribe(listener)
      }
      return {
        start: start!,
        setPresence: (changed) => subscriptions.setPresence(listener, changed),
        setVoiceState: async (change) => subscriptions.setVoiceState(listener, change),
        unsubscribe,
        close: async () => unsubscribe(),
      }
    },

    subscribeUser: users.subscribe,

    async [Symbol.asyncDispose]() {
      disposed = true
      clearTimeout(timer)
      guilds.close()
    },
  }
}
