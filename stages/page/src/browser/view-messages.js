import { byId, dayName, el, reconcile, setText } from './dom.js'
import { timeOf } from './ids.js'
import { divider, messageRow, pendingRow } from './message-row.js'
import { moveBetween } from './roving.js'

/** Within this time a second message of the same author needs no second headline. */
const TOGETHER_MS = 5 * 60_000

/** Pixels from the end within which the reader counts as reading along. */
const NEAR = 60
/** Pixels from either end at which the next page is asked for. */
const AHEAD = 300

/**
 * Draws a timeline and turns clicks into calls of `act`: edit, remove, react, retry, discard,
 * older, newer, toEnd, reopen. Keeps the reader's place: at the end it follows new messages,
 * elsewhere nothing moves under their eyes.
 */
export function messagesView(act) {
  const history = byId('history')
  const list = byId('messages')
  const edge = byId('edge')
  const toEnd = byId('to-end')
  let editing
  let shown
  let last
  /** The newest id when the reader left the end: what is beyond it is new to them. */
  let leftAt

  const open = (id) => {
    editing = id
    draw(...last)
    list.querySelector('.editor')?.focus()
  }
  const close = (id) => {
    open(undefined)
    list.querySelector(`[data-id="${id}"]`)?.focus()
  }
  const rowAct = { ...act, open, close }

  moveBetween(history, list, '.message[data-id]')
  history.addEventListener('scroll', () => {
    if (!shown) return
    const atEnd = history.scrollHeight - history.scrollTop - history.clientHeight < NEAR
    if (atEnd !== shown.following) leftAt = shown.messages.at(-1)?.id
    shown.following = atEnd && !shown.behind
    readAhead(shown)
    drawToEnd(shown)
  })
  toEnd.addEventListener('click', () => {
    act.toEnd()
    draw(...last)
  })
  // A keyboard that comes up, a window that is made smaller: who was at the end stays there.
  new ResizeObserver(() => {
    if (shown?.following) history.scrollTop = history.scrollHeight
  }).observe(history)

  function draw(timeline, who) {
    last = [timeline, who]
    if (shown !== timeline) timeline.following = !timeline.behind
    shown = timeline
    const anchor = timeline.following ? undefined : firstVisible()
    const top = anchor?.getBoundingClientRect().top
    history.setAttribute('aria-busy', String(timeline.loading))

    reconcile(list, rows(timeline, who))
    setText(edge, edgeText(timeline))
    edge.classList.toggle('failed', timeline.failure !== undefined)
    if (timeline.failure !== undefined)
      edge.append(
        ' ',
        el('button', {
          type: 'button',
          className: 'small',
          textContent: 'Try again',
          on: { click: act.reopen },
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
   * Asked after each draw too: a page that does not fill the screen cannot be scrolled, and who
   * scrolled while one was on its way waits there.
   */
  function readAhead(timeline) {
    if (timeline.loading || timeline.failure !== undefined || history.clientHeight === 0) return
    if (history.scrollTop < AHEAD) act.older()
    if (timeline.behind && history.scrollHeight - history.scrollTop - history.clientHeight < AHEAD)
      act.newer()
  }

  /** What the reader looks at: whatever is added or let go around it, this stays where it is. */
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
    let before
    for (const message of timeline.messages) {
      const at = timeOf(message.id)
      const date = dayName(at)
      if (date !== before?.date)
        items.push({ key: `day ${date}`, version: date, build: () => divider(date) })
      const missed = timeline.missed?.from === message.id ? timeline.missed : undefined
      if (missed) {
        const text = missedText(missed)
        items.push({ key: 'missed', version: text, build: () => divider(text, 'missed') })
      }
      const head =
        missed !== undefined ||
        date !== before?.date ||
        message.author.id !== before.author ||
        at - before.at > TOGETHER_MS
      const isOpen = editing === message.id
      const name = names.get(message.author.id) ?? message.author.username
      const look = { at, head, open: isOpen, mine: message.author.id === me, name, names }
      // While it is being edited a message keeps its element, or the editor would lose what was
      // typed.
      const version = isOpen ? 'editing' : versionOf(message, `${head} ${name}`)
      items.push({ key: message.id, version, build: () => messageRow(message, look, rowAct) })
      before = { author: message.author.id, at, date }
    }
    for (const send of timeline.pending)
      items.push({
        key: `nonce ${send.nonce}`,
        version: send,
        build: () => pendingRow(send, { user, act }),
      })
    return items
  }

  /** One object for each look a message had, so that equal looks are the same version. */
  const versions = new WeakMap()
  function versionOf(message, look) {
    const known = versions.get(message)
    if (known?.look === look) return known
    const version = { look }
    versions.set(message, version)
    return version
  }

  return {
    draw,
    /** The newest own message, as Arrow Up in an empty draft expects. */
    editLast: () => {
      const mine = last?.[0].messages.findLast((message) => message.author.id === last[1].me)
      if (mine) open(mine.id)
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
    return 'No messages yet. Say something.'
  return timeline.complete ? 'The beginning of this channel.' : ''
}
