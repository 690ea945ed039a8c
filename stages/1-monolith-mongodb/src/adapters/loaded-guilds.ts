import type { GuildId } from '@threshold/contract'
import { type GuildState, withoutDanglingReferences } from '@threshold/domain'
import { type Deadline, deadlineAfter, type Runtime, withDeadline } from '@threshold/kit'
import type { MessageStore, MetadataStore } from '@threshold/ports'
import type { Listener } from '../guild/audience.ts'
import type { Guild } from '../guild/guild.ts'
import { tryNewest } from '../guild/last-messages.ts'

/** Enough for the largest guild. Callers have shorter deadlines of their own. */
const LOAD_TIMEOUT_MS = 30_000
/** The store is left alone for this long after a failed read of the newest messages. */
const NEWEST_PAUSE_MS = 5_000
const CATEGORY = 4

/** The guilds that are in memory. They are loaded on demand, and idle ones are evicted. */
export interface LoadedGuilds<L extends Listener> {
  /** Loads the guild if necessary. Undefined: there is no such guild. */
  get(id: GuildId, deadline: Deadline): Promise<Guild<L> | undefined>
  /**
   * Does the same as `get`, for callers that show the guild. Starts another read of the newest
   * messages if the last one failed, and does not wait for it.
   */
  getForView(id: GuildId, deadline: Deadline): Promise<Guild<L> | undefined>
  /** The guild if it is loaded. It does not count as a use. */
  peek(id: GuildId): Guild<L> | undefined
  all(): Iterable<Guild<L>>
  /** Adds a guild that was just created, unless it is loaded already. */
  add(state: GuildState): void
  remove(id: GuildId): void
  close(): void
}

/**
 * `maxGuilds`: above this many guilds in memory, idle ones are evicted, the longest unused first.
 */
export function createLoadedGuilds<L extends Listener>(
  ports: {
    readonly metadata: Pick<MetadataStore, 'loadGuild'>
    readonly messages: Pick<MessageStore, 'newest'>
  },
  runtime: Pick<Runtime, 'clock' | 'log'>,
  createGuild: (state: GuildState) => Guild<L>,
  maxGuilds: number,
): LoadedGuilds<L> {
  const { clock } = runtime
  /** The longest unused guild comes first. */
  const guilds = new Map<GuildId, Guild<L>>()
  const loading = new Map<GuildId, Promise<Guild<L> | undefined>>()
  /** When the newest messages of a guild may be read again. */
  const readAgainAt = new WeakMap<Guild<L>, number>()
  /** A load does not wait for the newest messages until then. */
  let skipNewestUntil = 0
  let closed = false

  async function get(id: GuildId, deadline: Deadline): Promise<Guild<L> | undefined> {
    const known = guilds.get(id)
    if (known) {
      // A Map iterates in order of insertion, so this makes the guild the most recently used.
      guilds.delete(id)
      guilds.set(id, known)
      return known
    }
    // All callers share one load, and it goes on after the first of them gives up. Otherwise a
    // guild that loads more slowly than its callers wait would be loaded again and again.
    let load = loading.get(id)
    if (!load) {
      load = loadGuild(id).finally(() => loading.delete(id))
      load.catch(() => {}) // All callers may have given up by the time that it fails.
      loading.set(id, load)
    }
    return withDeadline(deadline, 'the guild', load)
  }

  async function loadGuild(id: GuildId): Promise<Guild<L> | undefined> {
    const stored = await ports.metadata.loadGuild(id, deadlineAfter(LOAD_TIMEOUT_MS))
    if (!stored || guilds.has(id)) return guilds.get(id)
    const state = withoutDanglingReferences(stored)
    // Before the guild is visible, so that its first viewers get the newest messages too.
    const readsNewest = clock.now() >= skipNewestUntil
    const newest = readsNewest ? await newestMessages(state) : undefined
    const guild = guilds.get(id) ?? insert(state)
    if (readsNewest) setNewest(guild, newest)
    return guild
  }

  const newestMessages = ({ channels }: GuildState) => {
    const ids = [...channels.values()].flatMap(({ id, type }) => (type === CATEGORY ? [] : [id]))
    return tryNewest(ports.messages, ids, runtime)
  }

  /** The guild serves without them too; `getForView` reads them again later. */
  function setNewest(guild: Guild<L>, newest: Awaited<ReturnType<typeof newestMessages>>): void {
    if (newest) {
      guild.lastMessages.mergeStored(newest)
      return
    }
    skipNewestUntil = clock.now() + NEWEST_PAUSE_MS
    readAgainAt.set(guild, skipNewestUntil)
  }

  function insert(state: GuildState): Guild<L> {
    const guild = createGuild(state)
    if (closed) guild.close()
    guilds.set(state.guild.id, guild)
    evictIdle(guild)
    return guild
  }

  /**
   * Guilds with sessions or commands in progress stay, so the number may exceed the limit. An LRU
   * cache would evict them too.
   */
  function evictIdle(except: Guild<L>): void {
    for (const [id, guild] of guilds) {
      if (guilds.size <= maxGuilds) return
      if (guild !== except && guild.idle) remove(id)
    }
  }

  function remove(id: GuildId): void {
    guilds.get(id)?.close()
    guilds.delete(id)
  }

  return {
    get,

    async getForView(id, deadline) {
      const guild = await get(id, deadline)
      if (!guild || guild.lastMessages.complete) return guild
      if (clock.now() < (readAgainAt.get(guild) ?? 0)) return guild
      readAgainAt.set(guild, Number.POSITIVE_INFINITY) // until the read ends
      void newestMessages(guild.state).then((newest) => setNewest(guild, newest))
      return guild
    },

    peek: (id) => guilds.get(id),
    all: () => guilds.values(),

    add(state) {
      // A new guild has no messages, so there is nothing to read.
      if (!guilds.has(state.guild.id)) insert(state).lastMessages.mergeStored(new Map())
    },

    remove,

    close() {
      closed = true
      for (const guild of guilds.values()) guild.close()
      guilds.clear()
    },
  }
}
