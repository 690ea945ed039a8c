import { byId, dayName, el, reconcile, setText } from './dom.js'
import { timeOf } from './ids.js'
import { divider, messageRow, pendingRow } from './message-row.js'
import { rovingTabindex } from './roving-tabindex.js'

/** Messages of one author within this time are shown under one name. */
const GROUP_MS = 5 * 60_000

/** A reader within this many pixels of the end follows new messages. */
const FOLLOW_DISTANCE = 60
/** The next page loads this many pixels before an end of the list. */
const LOAD_DISTANCE = 300

/**
 * Draws a timeline, and turns clicks into calls of `actions`: edit, remove, react, retry, discard,
 * older, newer, toEnd, reopen. It scrolls along with new messages if the reader is at the end.
 * Elsewhere the visible messages stay where they are.
 */
export function messagesView(actions) {
  const history = byId('history')
  const list = byId('messages')
  const edge = byId('edge')
  const toEnd = byId('to-end')
  let editingId
  let shown
  let lastDrawn
  /** The newest id when the reader scrolled away from the end. Later messages count as new. */
  let leftAt

  const startEdit = (id) => {
    editingId = id
    draw(...lastDrawn)
    list.querySelector('.editor')?.focus()
  }
  const endEdit = (id) => {
    startEdit(undefined)
    list.querySelector(`[data-id="${id}"]`)?.focus()
  }
  const rowActions = { ...actions, startEdit, endEdit }

  rovingTabindex(history, list, '.message[data-id]')
  history.addEventListener('scroll', () => {
    if (!shown) return
    const atEnd = history.scrollHeight - history.scrollTop - history.clientHeight < FOLLOW_DISTANCE
    if (atEnd !== shown.following) leftAt = shown.messages.at(-1)?.id
    shown.following = atEnd && !shown.behind
    readAhead(shown)
    drawToEnd(shown)
  })
  toEnd.addEventListener('click', () => {
    actions.toEnd()
    draw(...lastDrawn)
  })
  // The list shrinks when an on-screen keyboard opens. A reader at the end stays there.
  new ResizeObserver(() => {
    if (shown?.following) history.scrollTop = history.scrollHeight
  }).observe(history)

  function draw(timeline, viewer) {
    lastDrawn = [timeline, viewer]
    if (shown !== timeline) timeline.following = !timeline.behind
    shown = timeline
    const anchor = timeline.following ? undefined : firstVisible()
    const top = anchor?.getBoundingClientRect().top
    history.setAttribute('aria-busy', String(timeline.loading))

    reconcile(list, rows(timeline, viewer))
    setText(edge, edgeText(timeline))
    edge.classList.toggle('failed', timeline.failure !== undefined)
    if (timeline.failure !== undefined)
      edge.append(
        ' ',
        el('button', {
          type: 'button',
          className: 'small',
          textContent: 'Try again',
          on: { click: actions.reopen },
        }),
      )

    if (timeline.following) history.scrollTop = history.scrollHeight
    else {
      const now = list.querySelector(`[data-key="${anchor?.dataset.key}"]`)
      if (now) history.scrollTop += now.getBoundingClientRect().top - top
    }
    drawToEnd(timeline)
    readAhead(timeline)
  }

  /**
   * Loads the next page if the reader is near an end. It also runs after each draw: a page that
   * does not fill the screen cannot be scrolled, and the reader may have scrolled while one was
   * loading.
   */
  function readAhead(timeline) {
    if (timeline.loading || timeline.failure !== undefined || history.clientHeight === 0) return
    if (history.scrollTop < LOAD_DISTANCE) actions.older()
    if (
      timeline.behind &&
      history.scrollHeight - history.scrollTop - history.clientHeight < LOAD_DISTANCE
    )
      actions.newer()
  }

  /** The first visible message. It keeps its position while the rows around it change. */
  function firstVisible() {
    const edgeTop = history.getBoundingClientRect().top
    return [...list.querySelectorAll('.message[data-id]')].find(
      (row) => row.getBoundingClientRect().bottom > edgeTop,
    )
  }

  function drawToEnd(timeline) {
    toEnd.hidden = timeline.following || timeline.messages.length === 0
    if (toEnd.hidden) return
    const fresh =
      leftAt === undefined
        ? 0
        : timeline.messages.length - 1 - timeline.messages.findLastIndex(({ id }) => id === leftAt)
    setText(
      toEnd,
      timeline.behind || fresh <= 0 ? 'Jump to the newest' : `${fresh} new, jump to the newest`,
    )
  }

  function rows(timeline, { me, user, names }) {
    const items = []
    let previous
    for (const message of timeline.messages) {
      const sentAt = timeOf(message.id)
      const date = dayName(sentAt)
      if (date !== previous?.date)
        items.push({ key: `day ${date}`, version: date, build: () => divider(date) })
      const missed = timeline.missed?.from === message.id ? timeline.missed : undefined
      if (missed) {
        const text = missedText(missed)
        items.push({ key: 'missed', version: text, build: () => divider(text, 'missed') })
      }
      const head =
        missed !== undefined ||
        date !== previous?.date ||
        message.author.id !== previous.author ||
        sentAt - previous.sentAt > GROUP_MS
      const editing = editingId === message.id
      const name = names.get(message.author.id) ?? message.author.username
      const display = { sentAt, head, editing, isOwn: message.author.id === me, name, names }
      // A message that is being edited keeps its element, so that the editor keeps its text.
      const version = editing ? 'editing' : versionOf(message, `${head} ${name}`)
      items.push({
        key: message.id,
        version,
        build: () => messageRow(message, display, rowActions),
      })
      previous = { author: message.author.id, sentAt, date }
    }
    for (const send of timeline.pending)
      items.push({
        key: `nonce ${send.nonce}`,
        version: send,
        build: () => pendingRow(send, { user, actions }),
      })
    return items
  }

  /** One object for each appearance of a message, so that an unchanged one is the same version. */
  const versions = new WeakMap()
  function versionOf(message, appearance) {
    const known = versions.get(message)
    if (known?.appearance === appearance) return known
    const version = { appearance }
    versions.set(message, version)
    return version
  }

  return {
    draw,
    /** Edits the user's newest message, for Arrow Up in an empty draft. */
    editLast: () => {
      const [timeline, viewer] = lastDrawn ?? []
      const newest = timeline?.messages.findLast((message) => message.author.id === viewer.me)
      if (newest) startEdit(newest.id)
    },
  }
}

function missedText({ count, more }) {
  if (count === 1 && !more) return '1 message arrived while you were away'
  return `${more ? 'More than ' : ''}${count} messages arrived while you were away`
}

function edgeText(timeline) {
  if (timeline.failure !== undefined) return `Messages could not be loaded: ${timeline.failure}.`
  if (timeline.loading) return 'Loading…'
  if (timeline.messages.length === 0 && timeline.pending.length === 0)
    return 'No messages yet. Write the first one.'
  return timeline.complete ? 'The beginning of this channel.' : ''
}
