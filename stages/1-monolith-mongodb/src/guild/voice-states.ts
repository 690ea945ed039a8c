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
import type { Audience } from './audience.ts'
import type { GuildLog } from './guild-log.ts'

export type VoiceStateChange = Omit<VoiceState, 'channelId' | 'userId'> & {
  readonly channelId: ChannelId | null
}

/**
 * Who talks where in one guild, and who is told of it: whoever sees the channel they came from or
 * the one they are in. In memory alone, since a call does not outlive the process that carries it.
 */
export interface VoiceStates {
  all(): Iterable<VoiceState>
  get(user: UserId): VoiceState | undefined
  move(user: UserId, change: VoiceStateChange): 'moved' | 'left' | Refusal
  leave(user: UserId): void
  /** Somebody muted or deafened a member, or let them speak again: who hears them is told. */
  refresh(user: UserId): void
  /** The channel goes: everybody is out of it. */
  endChannel(channel: ChannelId): void
  /** The guild goes: nobody is left to be told. */
  clear(): void
}

export function createVoiceStates(
  log: GuildLog,
  audience: Audience,
  now: () => GuildState,
): VoiceStates {
  const states = new Map<UserId, VoiceState>()

  /**
   * Who sees where they are now is told so; who sees only where they were, that they are gone, and
   * not where to.
   */
  const tell = (user: UserId, change: VoiceStateChange, before: ChannelId | undefined): void => {
    const sees = (who: UserId, channel: ChannelId | null | undefined): boolean =>
      channel != null && audience.canView(now(), who, channel)
    const knows = (who: UserId): boolean => who === user || sees(who, change.channelId)
    const say = (state: VoiceStateChange, hears: (who: UserId) => boolean): void => {
      log.append(
        'VOICE_STATE_UPDATE',
        voiceStateToWire(now().guild.id, user, state, now().members.get(user)),
        hears,
      )
    }
    const gone = { ...change, channelId: null, suppress: false }
    if (change.channelId === null) say(gone, (who) => who === user || sees(who, before))
    else say(change, knows)
    if (change.channelId !== null && before !== undefined && change.channelId !== before)
      say(gone, (who) => !knows(who) && sees(who, before))
  }
  /**
   * Looked at when somebody enters or changes something: permissions that change in the midst of a
   * call wait until then.
   */
  const sit = (
    user: UserId,
    change: VoiceStateChange & { readonly channelId: ChannelId },
  ): VoiceState => {
    const state = {
      ...change,
      userId: user,
      suppress: !can(now(), user, change.channelId, Permission.Speak),
    }
    states.set(user, state)
    return state
  }
  const leave = (user: UserId, change?: VoiceStateChange): void => {
    const was = states.get(user)
    if (!was) return
    states.delete(user)
    tell(user, { ...was, ...change, channelId: null, suppress: false }, was.channelId)
  }
  const inside = (channel: ChannelId): VoiceState[] =>
    [...states.values()].filter((state) => state.channelId === channel)

  /**
   * Why a member may not enter. Who is inside already may change their state there, however full it
   * is.
   */
  const refused = (user: UserId, channelId: ChannelId): Refusal | undefined => {
    const state = now()
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
    return inside(channelId).length >= channel.userLimit ? 'too-many' : undefined
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
      const refusal = refused(user, channelId)
      if (refusal) return refusal
      const before = states.get(user)?.channelId
      tell(user, sit(user, { ...change, channelId }), before)
      return 'moved'
    },
    leave: (user) => leave(user),
    refresh(user) {
      const state = states.get(user)
      if (state) tell(user, sit(user, state), state.channelId)
    },
    endChannel(channel) {
      for (const { userId } of inside(channel)) leave(userId)
    },
    clear: () => states.clear(),
  }
}

/** Whether a moderator muted or deafened the member, or let them speak again. */
export const changesMuteOrDeaf = (
  { members }: GuildState,
  { user, mute, deaf }: Member,
): boolean => {
  const was = members.get(user.id)
  return was !== undefined && (was.mute !== mute || was.deaf !== deaf)
}
