import type { GuildState } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import { createLoadedGuilds } from '@threshold/stage-1/adapters/loaded-guilds'
import type { Guild } from '@threshold/stage-1/guild'
import { GuildActor } from './guild-actor.ts'
import type { RemoteListener } from './listeners.ts'
import type { PartitionContext } from './partition.ts'
import type { UserActors } from './user-actors.ts'

type RemoteGuild = Guild<RemoteListener>

/** The guilds of a partition that are in memory, each with its actor. */
export interface GuildActors {
  /** Loads the guild if necessary. Undefined: there is no such guild. */
  get(id: string, deadline: Deadline): Promise<RemoteGuild | undefined>
  getForView(id: string, deadline: Deadline): Promise<RemoteGuild | undefined>
  add(state: GuildState): void
  /** Undefined if the guild is not in memory. */
  loaded(id: string): GuildActor | undefined
  gatewayGone(gateway: string): void
  close(): void
}

export function createGuildActors(context: PartitionContext, users: UserActors): GuildActors {
  const { runtime, lease, epochBase, presenceDelayMs = 200, idleGuilds = 5_000 } = context
  const guilds = createLoadedGuilds<RemoteListener>(context, runtime, createGuild, idleGuilds)
  const actors = new WeakMap<RemoteGuild, GuildActor>()
  /** How often each guild was loaded. Every load has an epoch of its own, so positions grow. */
  const loads = new Map<string, number>()

  function createGuild(state: GuildState): RemoteGuild {
    const { id } = state.guild
    const load = (loads.get(id) ?? -1) + 1
    loads.set(id, load)
    const actor = new GuildActor(state, {
      ...context,
      epoch: epochBase + load,
      presenceDelayMs,
      fence: (deadline) => lease.limit(deadline),
      onMemberAdded: (user) => users.notifyJoined(user, id),
      onDeleted: () => guilds.remove(id),
    })
    actors.set(actor.guild, actor)
    return actor.guild
  }

  return {
    ...guilds,
    loaded(id) {
      const guild = guilds.peek(id)
      return guild && actors.get(guild)
    },
    gatewayGone(gateway) {
      for (const guild of guilds.all()) actors.get(guild)?.gatewayGone(gateway)
    },
  }
}
