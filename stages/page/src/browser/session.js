import { createApi } from './api.js'
import { Gateway } from './gateway.js'
import { newNonce } from './ids.js'
import { createStore } from './store.js'
import { createTimeline } from './timeline.js'

/** Timelines kept besides the one on screen, so that going back to a channel costs nothing. */
const TIMELINES_KEPT = 8

/**
 * A send that got no answer, or was answered "not now", may be repeated: its nonce makes the
 * repetition the same send.
 */
const mayRepeat = (failure) => failure.status === 0 || failure.status >= 500

/** The gateway of the host that served the page. The page's policy lets it speak to no other. */
const gatewayUrl = () => `${location.origin.replace(/^http/, 'ws')}/?v=10&encoding=json`

/**
 * Everything one signed-in user has: what the gateway told, messages by channel, and what they can
 * do. It draws nothing; `onChange` says that there is something to draw, `onState` how the
 * connection is, `onFrame` what went over it.
 */
export function createSession({ token, user, onChange, onState, onFrame, onUnauthorized }) {
  const api = createApi({ token, onUnauthorized })
  const store = createStore({ me: user.id })
  const timelines = new Map()
  const unread = new Set()
  let current
  let watched = true

  const gateway = new Gateway({
    url: gatewayUrl(),
    token,
    onDispatch: dispatched,
    onState,
    onFrame,
  })

  function dispatched(type, d) {
    store.apply(type, d)
    events[type]?.(d)
    onChange()
  }

  const at = (channel) => timelines.get(channel)
  const events = {
    READY: comeBack,
    RESUMED: repeatSends,
    MESSAGE_CREATE(d) {
      at(d.channel_id)?.add(d)
      if (d.author.id !== user.id && (d.channel_id !== current || !watched))
        unread.add(d.channel_id)
    },
    MESSAGE_UPDATE: (d) => at(d.channel_id)?.update(d),
    MESSAGE_DELETE: (d) => at(d.channel_id)?.remove([d.id]),
    MESSAGE_DELETE_BULK: (d) => at(d.channel_id)?.remove(d.ids),
    MESSAGE_REACTION_ADD: (d) => at(d.channel_id)?.react(d.message_id, d.emoji, d.user_id, 1),
    MESSAGE_REACTION_REMOVE: (d) => at(d.channel_id)?.react(d.message_id, d.emoji, d.user_id, -1),
    MESSAGE_REACTION_REMOVE_EMOJI: (d) => at(d.channel_id)?.clearReactions(d.message_id, d.emoji),
    MESSAGE_REACTION_REMOVE_ALL: (d) => at(d.channel_id)?.clearReactions(d.message_id),
    CHANNEL_DELETE: (d) => timelines.delete(d.id),
  }

  /**
   * READY means that nobody kept our session: what happened meanwhile is in no event and has to be
   * asked for.
   */
  async function comeBack() {
    // Of a copy: drawing puts the current one at the end again, and the walk would never get there.
    for (const [channel, timeline] of [...timelines]) {
      if (channel === current || timeline.pending.length > 0) await timeline.catchUp()
      else timelines.delete(channel)
    }
    repeatSends()
  }

  function repeatSends() {
    for (const [channel, timeline] of [...timelines])
      for (const send of timeline.pending)
        if (send.repeat) transmit(channel, send.nonce, send.content)
  }

  async function transmit(channel, nonce, content) {
    const timeline = open(channel)
    timeline.sending(nonce, content)
    try {
      const message = await api.send(channel, content, nonce)
      timeline.add({ ...message, nonce: message.nonce ?? nonce })
    } catch (failure) {
      timeline.failed(nonce, failure.message, mayRepeat(failure))
    }
  }

  /** The channel's timeline, asked for if it is not there. */
  function open(channel) {
    const known = timelines.get(channel)
    const timeline =
      known ??
      createTimeline({
        page: (query) => api.messages(channel, query),
        me: user.id,
        changed: onChange,
      })
    timelines.delete(channel) // and in again, as the one used last
    timelines.set(channel, timeline)
    if (!known) timeline.open()
    for (const [id, old] of [...timelines])
      if (timelines.size > TIMELINES_KEPT && old.pending.length === 0) timelines.delete(id)
    return timeline
  }

  return {
    api,
    store,
    user,
    unread,
    gateway,
    send: (channel, content) => transmit(channel, newNonce(), content),
    again: (channel, send) => transmit(channel, send.nonce, send.content),
    /** The timeline of the channel on screen; undefined for none. */
    show(channel) {
      current = channel
      if (watched) unread.delete(channel)
      return channel === undefined ? undefined : open(channel)
    },
    /** Whether anybody looks: what arrives in a hidden tab is unread. */
    watch(yes) {
      watched = yes
      if (yes) unread.delete(current)
    },
  }
}
