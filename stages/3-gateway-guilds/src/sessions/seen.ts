import type { GuildView, Presence } from '@threshold/domain'
import type { HubEvent } from '@threshold/ports'
import type { WireSeen } from '../wire/hub.ts'

interface PresenceUpdate {
  readonly user: { readonly id: string }
  readonly status: Presence['status']
}

interface VoiceStateUpdate {
  readonly user_id: string
  readonly session_id: string
  readonly channel_id: string | null
  readonly self_mute: boolean
  readonly self_deaf: boolean
}

/**
 * The presences and calls of a guild that the clients of this gateway see, from the first view and
 * all events after it. The owner keeps them in memory only. If it dies together with a gateway, the
 * next owner learns from the other gateways which users their clients still see.
 */
export class Seen {
  readonly #presences: WireSeen['presences'] = new Map()
  readonly #calls: WireSeen['calls'] = new Map()

  toWire(): WireSeen {
    return { presences: this.#presences, calls: this.#calls }
  }

  addView(view: GuildView, presences: ReadonlyMap<string, Presence>): void {
    for (const [user, { status }] of presences) this.#setPresence(user, status)
    for (const { userId, ...call } of view.voiceStates) this.#calls.set(userId, call)
  }

  addEvent({ type, data }: HubEvent): void {
    if (type === 'PRESENCE_UPDATE') {
      const { user, status } = data as unknown as PresenceUpdate
      this.#setPresence(user.id, status)
    } else if (type === 'VOICE_STATE_UPDATE') {
      const state = data as unknown as VoiceStateUpdate
      const { user_id: user, channel_id: channelId, session_id: sessionId } = state
      const call = { sessionId, selfMute: state.self_mute, selfDeaf: state.self_deaf }
      if (channelId === null) this.#calls.delete(user)
      else this.#calls.set(user, { ...call, channelId })
    }
  }

  #setPresence(user: string, status: Presence['status']): void {
    if (status === 'offline') this.#presences.delete(user)
    else this.#presences.set(user, status)
  }
}
