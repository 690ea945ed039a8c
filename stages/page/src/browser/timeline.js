import { compareIds } from './ids.js'
import { changeReaction, emojiKey } from './reactions.js'

const PAGE = 50
const CATCH_UP_PAGE = 100
/** Pages that are read to close a gap. If it is longer, the timeline starts over at the end. */
const MAX_CATCH_UP_PAGES = 3
/** Messages kept while the reader follows the end. Scrolling up loads the older ones again. */
const MAX_WHEN_FOLLOWING = 300
/** Messages kept while the reader is further up. The other end is dropped beyond that. */
const MAX_MESSAGES = 600

/**
 * The messages of one channel, oldest first: a window on the history, which loads pages at both
 * ends. Messages arrive both from REST and from the gateway, and in any order. Each is kept once,
 * by its id; the user's own pending sends are matched by their nonce.
 *
 * `page(query)` requests a page from REST. `changed` is called after each change.
 */
export function createTimeline({ page, me, changed }) {
  let knownUpTo
  const timeline = {
    messages: [],
    /** Own sends without an answer: `{nonce, content, state, reason?, repeat?}`. */
    pending: [],
    /** The first message here is the first of the channel. */
    complete: false,
    /** The channel has newer messages than the last one here, because the window was moved up. */
    behind: false,
    /** The reader is at the end. The view sets it. */
    following: true,
    loading: false,
    failure: undefined,
    /** Messages that arrived while the connection was down: `{from, count, more}`. */
    missed: undefined,

    open: () => load(async () => putNewest(await page({ limit: PAGE }), PAGE)),

    older: () => {
      if (timeline.complete || timeline.loading || timeline.messages.length === 0)
        return Promise.resolve()
      return load(async () => {
        const batch = await page({ limit: PAGE, before: timeline.messages[0].id })
        timeline.complete = batch.length < PAGE
        timeline.messages = merge(batch, timeline.messages)
        limitLength()
      })
    },

    newer: () => {
      if (!timeline.behind || timeline.loading) return Promise.resolve()
      return load(async () => {
        const batch = await page({ limit: PAGE, after: timeline.messages.at(-1).id })
        timeline.behind = batch.length === PAGE
        timeline.messages = merge(timeline.messages, batch)
        dropOldest(MAX_MESSAGES)
      })
    },

    /** Moves the window to the end of the channel. */
    toEnd: () => {
      timeline.following = true
      if (!timeline.behind) return Promise.resolve()
      Object.assign(timeline, { messages: [], behind: false, complete: false, missed: undefined })
      return timeline.open()
    },

    /**
     * Closes the gap after a lost session. It reads back to the last known message, and so finds
     * edits and deletions in that stretch as well.
     */
    catchUp: () => {
      // Kept until catching up succeeds. Messages that arrive meanwhile come after the gap, so the
      // last message here is not the last known one any more.
      knownUpTo ??= timeline.messages.at(-1)?.id
      if (knownUpTo === undefined) return timeline.open()
      if (timeline.behind) {
        knownUpTo = undefined
        return timeline.toEnd()
      }
      return load(async () => {
        const fresh = []
        let closed = false
        while (!closed && fresh.length < CATCH_UP_PAGE * MAX_CATCH_UP_PAGES) {
          const before = fresh.at(-1)?.id
          const batch = await page({ limit: CATCH_UP_PAGE, ...(before ? { before } : {}) })
          fresh.push(...batch)
          closed = batch.length < CATCH_UP_PAGE || compareIds(batch.at(-1).id, knownUpTo) <= 0
        }
        putNewest(fresh, CATCH_UP_PAGE)
        limitLength()
        const missed = timeline.messages.filter(
          (message) => compareIds(message.id, knownUpTo) > 0 && message.author.id !== me,
        )
        timeline.missed =
          missed.length === 0
            ? undefined
            : { from: missed[0].id, count: missed.length, more: !closed }
        knownUpTo = undefined
      })
    },

    add(message) {
      if (message.author.id === me && message.nonce != null)
        timeline.dropPending(String(message.nonce))
      // A message beyond the window is loaded when the reader scrolls there.
      if (timeline.behind) return
      timeline.messages = merge(timeline.messages, [message])
      limitLength()
      changed()
    },

    /** Keeps the reactions: all users receive the same event, so its `me` is not about this one. */
    update(patch) {
      change(patch.id, (message) => ({ ...message, ...patch, reactions: message.reactions }))
    },

    remove(ids) {
      timeline.messages = timeline.messages.filter((message) => !ids.includes(message.id))
      changed()
    },

    react(id, emoji, user, by) {
      change(id, (message) => ({
        ...message,
        reactions: changeReaction(message.reactions ?? [], emoji, by, user === me),
      }))
    },

    /** Removes the reactions with one emoji, or all reactions. */
    clearReactions(id, emoji) {
      const isCleared = (reaction) =>
        emoji === undefined || emojiKey(reaction.emoji) === emojiKey(emoji)
      change(id, (message) => ({
        ...message,
        reactions: message.reactions?.filter((reaction) => !isCleared(reaction)),
      }))
    },

    /** A send starts, or is repeated. */
    sending(nonce, content) {
      const index = timeline.pending.findIndex((send) => send.nonce === nonce)
      const send = { nonce, content, state: 'sending' }
      timeline.pending =
        index < 0 ? [...timeline.pending, send] : timeline.pending.with(index, send)
      if (index < 0) timeline.missed = undefined // a user who answers has read the others
      changed()
    },

    /** `repeat`: the outcome is unknown, and the same send may be repeated. */
    failed(nonce, reason, repeat) {
      timeline.pending = timeline.pending.map((send) =>
        send.nonce === nonce ? { ...send, state: 'failed', reason, repeat } : send,
      )
      changed()
    },

    dropPending(nonce) {
      timeline.pending = timeline.pending.filter((send) => send.nonce !== nonce)
      changed()
    },
  }

  /**
   * Events that arrive while a page loads. The page may be older than they are, so they are applied
   * once more after it.
   */
  let eventsDuringLoad
  for (const name of ['add', 'update', 'remove']) {
    const apply = timeline[name]
    timeline[name] = (event) => {
      eventsDuringLoad?.push(() => apply(event))
      apply(event)
    }
  }

  /** Loads one page after the other. A page that is still loading after a reconnect comes first. */
  let lastLoad = Promise.resolve()
  function load(work) {
    lastLoad = lastLoad.then(() => run(work))
    return lastLoad
  }

  async function run(work) {
    timeline.loading = true
    timeline.failure = undefined
    eventsDuringLoad = []
    changed()
    try {
      await work()
      for (const applyAgain of eventsDuringLoad) applyAgain()
    } catch (error) {
      timeline.failure = error.message
    }
    eventsDuringLoad = undefined
    timeline.loading = false
    changed()
  }

  /**
   * Replaces the end of the window by the newest messages. Older messages stay, unless there is a
   * gap before the new ones.
   */
  function putNewest(newestFirst, limit) {
    const oldest = newestFirst.at(-1)?.id
    const isWholeChannel = newestFirst.length % limit !== 0 || oldest === undefined
    const overlaps = timeline.messages.some(
      (message) => oldest !== undefined && compareIds(message.id, oldest) >= 0,
    )
    const older =
      isWholeChannel || !overlaps
        ? []
        : timeline.messages.filter((message) => compareIds(message.id, oldest) < 0)
    timeline.complete = isWholeChannel || (older.length > 0 && timeline.complete)
    timeline.messages = merge(older, newestFirst)
    // A send may have succeeded although its answer was lost.
    const ownNonces = new Set(
      newestFirst
        .filter((message) => message.author.id === me)
        .map((message) => String(message.nonce)),
    )
    timeline.pending = timeline.pending.filter((send) => !ownNonces.has(send.nonce))
  }

  /** Drops messages at the end that the reader is not at. */
  function limitLength() {
    if (timeline.following) return dropOldest(MAX_WHEN_FOLLOWING)
    if (timeline.messages.length <= MAX_MESSAGES) return
    timeline.messages = timeline.messages.slice(0, MAX_MESSAGES)
    timeline.behind = true
  }

  function dropOldest(keep) {
    if (timeline.messages.length <= keep) return
    timeline.messages = timeline.messages.slice(-keep)
    timeline.complete = false
  }

  function change(id, edit) {
    timeline.messages = timeline.messages.map((message) =>
      message.id === id ? edit(message) : message,
    )
    changed()
  }

  return timeline
}

/** Sorted by id, each id once. The version of the second list wins. */
function merge(a, b) {
  const byId = new Map([...a, ...b].map((message) => [message.id, message]))
  return [...byId.values()].sort((x, y) => compareIds(x.id, y.id))
}
