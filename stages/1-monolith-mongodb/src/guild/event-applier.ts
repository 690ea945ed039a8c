import type { UserId } from '@threshold/contract'
import type { GuildEvent } from '@threshold/domain'
import type { Audience, Recipients } from './audience.ts'
import { dispatchOf } from './dispatches.ts'
import type { GuildLog } from './guild-log.ts'
import type { LastMessages } from './last-messages.ts'
import type { LiveState } from './live-state.ts'
import type { Subscriptions } from './subscriptions.ts'
import { type VisibilityChange, visibilityDiff } from './visibility.ts'
import { publishVisibilityChanges } from './visibility-events.ts'
import { changesMuteOrDeaf, type VoiceStates } from './voice-states.ts'

interface ApplierDependencies {
  readonly live: LiveState
  readonly audience: Audience
  readonly log: GuildLog
  readonly voiceStates: VoiceStates
  readonly subscriptions: Subscriptions
  readonly lastMessages: LastMessages
  readonly onMemberAdded: (user: UserId) => void
  readonly onDeleted: () => void
}

/**
 * Returns a function that applies one event of a command to the guild, once the event is durable.
 * It changes the state, updates subscriptions, calls and cached viewers, and publishes what clients
 * have to know.
 *
 * The order matters. Some recipients are known only before the state changes: the users who could
 * see a call that ends, or a channel that is deleted. Others are known only afterwards.
 */
export function createEventApplier({
  live,
  audience,
  log,
  voiceStates,
  subscriptions,
  lastMessages,
  onMemberAdded,
  onDeleted,
}: ApplierDependencies): (event: GuildEvent) => void {
  /**
   * Has a new member's sessions subscribe, and ends the subscriptions of a member who is removed.
   */
  function updateSubscriptions(event: GuildEvent): void {
    switch (event.type) {
      case 'member.added':
        if (event.member.temporary) subscriptions.temporaryMemberAdded(event.member.user.id)
        onMemberAdded(event.member.user.id)
        return
      case 'member.removed':
        subscriptions.memberRemoved(event.user.id)
        return
      case 'guild.deleted':
        voiceStates.clear()
        subscriptions.guildDeleted()
        onDeleted()
        return
    }
  }

  function publish(
    event: GuildEvent,
    changes: readonly VisibilityChange[],
    viewersOfDeleted: Recipients | undefined,
  ): void {
    const dispatch = dispatchOf(live.current, event, lastMessages)
    if (!dispatch) return
    const { type, data, channelId } = dispatch
    const viewers =
      channelId === undefined
        ? audience.everyone
        : (viewersOfDeleted ?? audience.viewersOf(live.current, channelId))
    // Users who have just gained the channel receive CHANNEL_CREATE instead of an update.
    const gained = changes.find(({ channel }) => channel === channelId)?.gained
    const recipients = gained
      ? { has: (user: UserId) => viewers.has(user) && !gained.has(user) }
      : viewers
    log.append(type, data, recipients)
  }

  return (event) => {
    const before = live.current
    const diff = visibilityDiff(audience, before, event)
    const muted =
      event.type === 'member.updated' && changesMuteOrDeaf(before, event.member)
        ? event.member.user.id
        : undefined
    if (event.type === 'channel.deleted') voiceStates.endChannel(event.channel.id)
    if (event.type === 'member.removed') voiceStates.leave(event.user.id)
    const viewersOfDeleted =
      event.type === 'channel.deleted' ? audience.viewersOf(before, event.channel.id) : undefined

    live.apply(event)

    if ('channel' in event) audience.invalidate(event.channel.id)
    else if (diff?.affected.user) audience.refreshUser(live.current, diff.affected.user)
    else if (diff) audience.invalidate()
    updateSubscriptions(event)
    const changes = diff?.changes(live.current) ?? []
    publish(event, changes, viewersOfDeleted)
    publishVisibilityChanges(log, changes, before, live.current, lastMessages)
    if (muted) voiceStates.refresh(muted)
    if (event.type === 'channel.deleted') lastMessages.delete(event.channel.id)
  }
}
