import { compareIds } from './ids.js'

const PAGE = 50
const CATCH_UP_PAGE = 100
/**
 * Pages walked back to close a gap; beyond that the gap is bridged by starting over from the newest
 * page.
 */
const CATCH_UP_PAGES = 3
/** Messages kept while one reads along at the end. Older ones come back by scrolling up. */
const KEPT = 300
/**
 * Messages kept while one reads further up. Beyond it the far end is let go, and comes back by
 * scrolling down.
 */
const MOST = 600

/**
 * One channel's messages, oldest first, with what is still on its way: a window on the history, of
 * at most `MOST`. Whatever arrives twice, by REST and by the gateway, is there once: messages by
 * id, own sends by nonce. `page(query)` asks REST; `changed` is called after each change.
 */
export function createTimeline({ page, me, changed }) {
  let knownUpTo
  const timeline = {
    messages: [],
    /**
     * Own sends without an answer: `{nonce, content, state: 'sending' | 'failed', why?, repeat?}`.
     */
    pending: [],
    /** Nothing older than the first message. */
    complete: false,
    /** There are newer messages than the last one here: the window was moved up. */
    behind: false,
    /** Whether the reader is at the end; the view says so. */
    following: true,
    loading: false,
    failure: undefined,
    /**
     * What arrived while the connection was down: `{from, count, more}`; `more` when there was too
     * much to fetch it all.
     */
    missed: undefined,

    open: () => load(async () => settle(await page({ limit: PAGE }), PAGE)),

    older: () => {
      if (timeline.complete || timeline.loading || timeline.messages.length === 0)
        return Promise.resolve()
      return load(async () => {
        const batch = await page({ limit: PAGE, before: timeline.messages[0].id })
        timeline.complete = batch.length < PAGE
        timeline.messages = merge(batch, timeline.messages)
        bound()
      })
    },

    newer: () => {
      if (!timeline.behind || timeline.loading) return Promise.resolve()
      return load(async () => {
        const batch = await page({ limit: PAGE, after: timeline.messages.at(-1).id })
        timeline.behind = batch.length === PAGE
        timeline.messages = merge(timeline.messages, batch)
        letGoOfTheOldest(MOST)
      })
    },

    /** Away from wherever one reads, to the newest page. */
    toEnd: () => {
      timeline.following = true
      if (!timeline.behind) return Promise.resolve()
      Object.assign(timeline, { messages: [], behind: false, complete: false, missed: undefined })
      return timeline.open()
    },

    /**
     * After a lost session: fetches back to what is known, so that edits and deletes of that
     * stretch are seen too.
     */
    catchUp: () => {
      // Remembered until it succeeds: what arrives meanwhile must not pass for the end of what is
      // known.
      knownUpTo ??= timeline.messages.at(-1)?.id
      if (knownUpTo === undefined) return timeline.open()
      if (timeline.behind) {
        knownUpTo = undefined
        return timeline.toEnd()
      }
      return load(async () => {
        const fresh = []
        let closed = false
        while (!closed && fresh.length < CATCH_UP_PAGE * CATCH_UP_PAGES) {
          const before = fresh.at(-1)?.id
          const batch = await page({ limit: CATCH_UP_PAGE, ...(before ? { before } : {}) })
          fresh.push(...batch)
          closed = batch.length < CATCH_UP_PAGE || compareIds(batch.at(-1).id, knownUpTo) <= 0
        }
        settle(fresh, CATCH_UP_PAGE)
        bound()
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
      if (message.author.id === me && message.nonce != null) timeline.drop(String(message.nonce))
      // What lies beyond the window is fetched when the reader gets there.
      if (timeline.behind) return
      timeline.messages = merge(timeline.messages, [message])
      bound()
      changed()
    },

    /** Reactions stay as they are: an event is written for all, so its `me` is not about us. */
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
        reactions: counted(message.reactions ?? [], emoji, by, user === me),
      }))
    },

    /** Of one emoji, or all. */
    clearReactions(id, emoji) {
      const goes = (reaction) => emoji === undefined || emojiKey(reaction.emoji) === emojiKey(emoji)
      change(id, (message) => ({
        ...message,
        reactions: message.reactions?.filter((reaction) => !goes(reaction)),
      }))
    },

    /** A send begins, or begins again. */
    sending(nonce, content) {
      const at = timeline.pending.findIndex((send) => send.nonce === nonce)
      const send = { nonce, content, state: 'sending' }
      timeline.pending = at < 0 ? [...timeline.pending, send] : timeline.pending.with(at, send)
      if (at < 0) timeline.missed = undefined // whoever answers has read
      changed()
    },

    /** `repeat`: the same send may be tried again, since nobody knows whether it happened. */
    failed(nonce, why, repeat) {
      timeline.pending = timeline.pending.map((send) =>
        send.nonce === nonce ? { ...send, state: 'failed', why, repeat } : send,
      )
      changed()
    },

    drop(nonce) {
      timeline.pending = timeline.pending.filter((send) => send.nonce !== nonce)
      changed()
    },
  }

  /**
   * Events that arrive while a page is on its way: the page may be older than they are, so they are
   * applied again after it.
   */
  let during
  for (const name of ['add', 'update', 'remove']) {
    const apply = timeline[name]
    timeline[name] = (event) => {
      during?.push(() => apply(event))
      apply(event)
    }
  }

  /**
   * One after the other: a page that is still on its way when the connection comes back is waited
   * for.
   */
  let last = Promise.resolve()
  function load(work) {
    last = last.then(() => run(work))
    return last
  }

  async function run(work) {
    timeline.loading = true
    timeline.failure = undefined
    during = []
    changed()
    try {
      await work()
      for (const again of during) again()
    } catch (error) {
      timeline.failure = error.message
    }
    during = undefined
    timeline.loading = false
    changed()
  }

  /**
   * Takes the newest stretch as REST tells it; what is known from before that stays, unless there
   * is a gap between.
   */
  function settle(newestFirst, limit) {
    const oldest = newestFirst.at(-1)?.id
    const whole = newestFirst.length % limit !== 0 || oldest === undefined
    const known = timeline.messages.some(
      (message) => oldest !== undefined && compareIds(message.id, oldest) >= 0,
    )
    const before =
      whole || !known
        ? []
        : timeline.messages.filter((message) => compareIds(message.id, oldest) < 0)
    timeline.complete = whole || (before.length > 0 && timeline.complete)
    timeline.messages = merge(before, newestFirst)
    // A send whose answer was lost has arrived all the same.
    const arrived = new Set(
      newestFirst
        .filter((message) => message.author.id === me)
        .map((message) => String(message.nonce)),
    )
    timeline.pending = timeline.pending.filter((send) => !arrived.has(send.nonce))
  }

  /** The end that the reader is not at gives way. */
  function bound() {
    if (timeline.following) return letGoOfTheOldest(KEPT)
    if (timeline.messages.length <= MOST) return
    timeline.messages = timeline.messages.slice(0, MOST)
    timeline.behind = true
  }

  function letGoOfTheOldest(keep) {
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

/** Each id once, the later list's version of it, in id order. */
function merge(a, b) {
  const byId = new Map([...a, ...b].map((message) => [message.id, message]))
  return [...byId.values()].sort((x, y) => compareIds(x.id, y.id))
}

function counted(reactions, emoji, by, mine) {
  const key = emojiKey(emoji)
  const old = reactions.find((reaction) => emojiKey(reaction.emoji) === key)
  if (!old) return by > 0 ? [...reactions, { emoji, count: 1, me: mine }] : reactions
  // Our own may come twice, by the answer to a click and by the event.
  if (mine && old.me === by > 0) return reactions
  const next = { ...old, count: old.count + by, me: mine ? by > 0 : old.me }
  return reactions
    .map((reaction) => (reaction === old ? next : reaction))
    .filter((reaction) => reaction.count > 0)
}

/** As the emoji stands in a path. */
export const emojiKey = (emoji) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name)
