import { type ChannelId, Permission, type UserId } from '@threshold/contract'
import {
  can,
  channelPermissions,
  type GuildState,
  hasPermission,
  type Member,
  type Refusal,
  type VoiceState,
  voiceStateToWire,
} from '@threshold/domain'
import type { Audience, Recipients } from './audience.ts'
import type { GuildLog } from './guild-log.ts'

export type VoiceStateChange = Omit<VoiceState, 'channelId' | 'userId'> & {
  readonly channelId: ChannelId | null
}

/**
 * The voice states of one guild: which member is in which voice channel. Changes are published to
 * the users who can view the old or the new channel. They are kept in memory only, because a call
 * does not outlive the process that carries it.
 */
export interface VoiceStates {
  all(): Iterable<VoiceState>
  get(user: UserId): VoiceState | undefined
  /** Joins, moves, mutes or leaves (`channelId` null), or returns why the user may not. */
  move(user: UserId, change: VoiceStateChange): 'moved' | 'left' | Refusal
  leave(user: UserId): void
  /** Adds a state that an earlier owner of the guild has published, if its channel still exists. */
  restore(user: UserId, change: VoiceStateChange & { readonly channelId: ChannelId }): void
  /**
   * Publishes the departure of a user whom others see in a channel, unless the user is in a call or
   * it was published before.
   */
  correct(user: UserId, seen: VoiceStateChange & { readonly channelId: ChannelId }): void
  /** Publishes a user's state again, after a moderator has changed their mute or deafen flag. */
  refresh(user: UserId): void
  /** Ends the call of a channel that is being deleted. */
  endChannel(channel: ChannelId): void
  /** Drops all states and publishes nothing: the guild was deleted. */
  clear(): void
}

const NO_VIEWERS: ReadonlySet<UserId> = new Set()

export function createVoiceStates(
  log: GuildLog,
  audience: Audience,
  currentState: () => GuildState,
): VoiceStates {
  const states = new Map<UserId, VoiceState>()
  /** Users whose departure was published, although their session may come back. */
  const departed = new Set<UserId>()

  const publish = (user: UserId, change: VoiceStateChange, recipients: Recipients): void => {
    const { guild, members } = currentState()
    const data = voiceStateToWire(guild.id, user, change, members.get(user))
    log.append('VOICE_STATE_UPDATE', data, recipients)
  }

  /**
   * Users who can view the new channel receive the new state. Users who can view only the previous
   * one receive a departure, which does not tell where the member went.
   */
  const publishChange = (
    user: UserId,
    change: VoiceStateChange,
    previous: ChannelId | undefined,
  ): void => {
    const viewersOf = (channel: ChannelId | null | undefined): ReadonlySet<UserId> =>
      channel == null ? NO_VIEWERS : audience.viewersOf(currentState(), channel)
    const newViewers = viewersOf(change.channelId)
    const previousViewers = viewersOf(previous)
    const withUser = (viewers: ReadonlySet<UserId>): Recipients => ({
      has: (other) => other === user || viewers.has(other),
    })
    const departure = { ...change, channelId: null, suppress: false }
    if (change.channelId === null) {
      publish(user, departure, withUser(previousViewers))
      return
    }
    const receivesState = withUser(newViewers)
    publish(user, change, receivesState)
    if (previous !== undefined && previous !== change.channelId)
      publish(user, departure, {
        has: (other) => previousViewers.has(other) && !receivesState.has(other),
      })
  }

  /**
   * Stores a state together with whether the member may speak. SPEAK is checked only here, when the
   * member enters or changes their state: a permission change during a call takes effect then.
   */
  const store = (
    user: UserId,
    change: VoiceStateChange & { readonly channelId: ChannelId },
  ): VoiceState => {
    const suppress = !can(currentState(), user, change.channelId, Permission.Speak)
    const state = { ...change, userId: user, suppress }
    states.set(user, state)
    departed.delete(user)
    return state
  }
  const leave = (user: UserId, change?: VoiceStateChange): void => {
    const previous = states.get(user)
    if (!previous) return
    states.delete(user)
    departed.add(user)
    publishChange(
      user,
      { ...previous, ...change, channelId: null, suppress: false },
      previous.channelId,
    )
  }
  const statesIn = (channel: ChannelId): VoiceState[] =>
    [...states.values()].filter((state) => state.channelId === channel)

  /**
   * Why a member may not enter a channel. A member who is already in it may change their state
   * there, even if the channel is full.
   */
  const refusalFor = (user: UserId, channelId: ChannelId): Refusal | undefined => {
    const state = currentState()
    const member = state.members.get(user)
    const channel = state.channels.get(channelId)
    if (!member || channel?.type !== 2) return 'unknown-channel'
    const permissions = channelPermissions(state, member, channel)
    if (!hasPermission(permissions, Permission.Connect)) return 'no-permission'
    if (
      !channel.userLimit ||
      states.get(user)?.channelId === channelId ||
      hasPermission(permissions, Permission.MoveMembers)
    )
      return undefined
    return statesIn(channelId).length >= channel.userLimit ? 'too-many' : undefined
  }

  return {
    all: () => states.values(),
    get: (user) => states.get(user),
    move(user, change) {
      const { channelId } = change
      if (channelId === null) {
        leave(user, change)
        return 'left'
      }
      const refusal = refusalFor(user, channelId)
      if (refusal) return refusal
      const previous = states.get(user)?.channelId
      publishChange(user, store(user, { ...change, channelId }), previous)
      return 'moved'
    },
    leave: (user) => leave(user),
    restore(user, change) {
      if (!currentState().channels.has(change.channelId)) return
      const isUnseen = departed.has(user)
      const state = store(user, change)
      if (isUnseen) publishChange(user, state, undefined)
    },
    correct(user, seen) {
      if (states.has(user) || departed.has(user)) return
      if (!currentState().channels.has(seen.channelId)) return
      departed.add(user)
      publishChange(user, { ...seen, channelId: null, suppress: false }, seen.channelId)
    },
    refresh(user) {
      const state = states.get(user)
      if (state) publishChange(user, store(user, state), state.channelId)
    },
    endChannel(channel) {
      for (const { userId } of statesIn(channel)) leave(userId)
    },
    clear: () => states.clear(),
  }
}

/** Whether a member update changes the mute or deafen flag that moderators set. */
export const changesMuteOrDeaf = ({ members }: GuildState, updated: Member): boolean => {
  const previous = members.get(updated.user.id)
  return (
    previous !== undefined && (previous.mute !== updated.mute || previous.deaf !== updated.deaf)
  )
}
