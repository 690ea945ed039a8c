import { createApi } from './api.js'
import { Gateway } from './gateway.js'
import { newNonce } from './ids.js'
import { createStore } from './store.js'
import { createTimeline } from './timeline.js'

/** Timelines that are kept, so that returning to a channel loads nothing. */
const MAX_TIMELINES = 8

/**
 * Whether a failed send may be repeated: the server gave no answer, or one that asks to try later.
 * The nonce makes the repetition the same send, so that it cannot appear twice.
 */
const mayRepeat = (failure) => failure.status === 0 || failure.status >= 500

/**
 * The client state of one signed-in user: the store of guilds, a timeline for each channel, and the
 * user's actions. It draws nothing. `onChange` reports that there is something to draw, `onState`
 * the state of the connection, and `onFrame` each gateway frame.
 */
export function createSession({ token, user, onChange, onState, onFrame, onUnauthorized }) {
  const api = createApi({ token, onUnauthorized })
  const store = createStore({ me: user.id })
  const timelines = new Map()
  const unread = new Set()
  let currentChannel
  let visible = true

  const gateway = new Gateway({
    findUrl: async () => `${(await api.gateway()).url}/?v=10&encoding=json`,
    token,
    onDispatch: receive,
    onState,
    onFrame,
  })

  function receive(type, d) {
    store.apply(type, d)
    handlers[type]?.(d)
    onChange()
  }

  const timelineOf = (d) => timelines.get(d.channel_id)
  const handlers = {
    READY: catchUp,
    RESUMED: repeatSends,
    MESSAGE_CREATE(d) {
      timelineOf(d)?.add(d)
      if (d.author.id !== user.id && (d.channel_id !== currentChannel || !visible))
        unread.add(d.channel_id)
    },
    MESSAGE_UPDATE: (d) => timelineOf(d)?.update(d),
    MESSAGE_DELETE: (d) => timelineOf(d)?.remove([d.id]),
    MESSAGE_DELETE_BULK: (d) => timelineOf(d)?.remove(d.ids),
    MESSAGE_REACTION_ADD: (d) => timelineOf(d)?.react(d.message_id, d.emoji, d.user_id, 1),
    MESSAGE_REACTION_REMOVE: (d) => timelineOf(d)?.react(d.message_id, d.emoji, d.user_id, -1),
    MESSAGE_REACTION_REMOVE_EMOJI: (d) => timelineOf(d)?.clearReactions(d.message_id, d.emoji),
    MESSAGE_REACTION_REMOVE_ALL: (d) => timelineOf(d)?.clearReactions(d.message_id),
    CHANNEL_DELETE: (d) => timelines.delete(d.id),
  }

  /**
   * READY starts a new session, so the events since the last one are lost. Timelines that matter
   * read them from the history, and the others are dropped.
   */
  async function catchUp() {
    // A copy, since drawing moves the current timeline to the end of the map: the loop would never
    // finish.
    for (const [channel, timeline] of [...timelines]) {
      if (channel === currentChannel || timeline.pending.length > 0) await timeline.catchUp()
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
    const timeline = openTimeline(channel)
    timeline.sending(nonce, content)
    try {
      const message = await api.send(channel, content, nonce)
      timeline.add({ ...message, nonce: message.nonce ?? nonce })
    } catch (failure) {
      timeline.failed(nonce, failure.message, mayRepeat(failure))
    }
  }

  /** The timeline of a channel. A new one starts loading. */
  function openTimeline(channel) {
    const existing = timelines.get(channel)
    const timeline =
      existing ??
      createTimeline({
        page: (query) => api.messages(channel, query),
        me: user.id,
        changed: onChange,
      })
    // Moves it to the end of the map, whose order is that of the last use.
    timelines.delete(channel)
    timelines.set(channel, timeline)
    if (!existing) timeline.open()
    for (const [id, old] of [...timelines])
      if (timelines.size > MAX_TIMELINES && old.pending.length === 0) timelines.delete(id)
    return timeline
  }

  return {
    api,
    store,
    user,
    unread,
    gateway,
    send: (channel, content) => transmit(channel, newNonce(), content),
    retry: (channel, send) => transmit(channel, send.nonce, send.content),
    /** Makes a channel the current one, and returns its timeline. */
    show(channel) {
      currentChannel = channel
      if (visible) unread.delete(channel)
      return channel === undefined ? undefined : openTimeline(channel)
    },
    /** Messages that arrive while the tab is hidden are unread. */
    setVisible(isVisible) {
      visible = isVisible
      if (isVisible) unread.delete(currentChannel)
    },
  }
}
