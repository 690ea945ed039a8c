import { byId, clockTime, dayName, el, reconcile, setText } from './dom.js'
import { timeOf } from './ids.js'
import { emojiKey } from './timeline.js'

const QUICK_EMOJI = ['👍', '❤️', '😂', '🎉', '👀']

/** Within this time a second message of the same author needs no second headline. */
const TOGETHER_MS = 5 * 60_000

/** Pixels from the end within which the reader counts as reading along. */
const NEAR = 60

/**
 * Draws a timeline and turns clicks into calls of `act`: edit, remove, react, retry, discard, older, reopen. Keeps the reader's
 * place: at the end it follows new messages, elsewhere nothing moves under their eyes.
 */
export function messagesView(act) {
  const history = byId('history')
  const list = byId('messages')
  const edge = byId('edge')
  let editing
  let shown
  let last

  history.addEventListener('scroll', () => {
    if (history.scrollTop < 200) act.older()
  })

  const edit = (id) => {
    editing = id
    draw(...last)
    list.querySelector('.editor')?.focus()
  }

  function draw(timeline, { me, names }) {
    last = [timeline, { me, names }]
    const fresh = shown !== timeline
    const atEnd = fresh || history.scrollHeight - history.scrollTop - history.clientHeight < NEAR
    const first = list.querySelector('.message')
    const top = first?.getBoundingClientRect().top
    shown = timeline

    reconcile(list, rows(timeline, { me, names }))
    setText(edge, edgeText(timeline))
    edge.classList.toggle('failed', timeline.failure !== undefined)
    if (timeline.failure !== undefined)
      edge.append(' ', el('button', { type: 'button', textContent: 'Try again', on: { click: act.reopen } }))

    if (atEnd) history.scrollTop = history.scrollHeight
    else if (first?.isConnected) history.scrollTop += first.getBoundingClientRect().top - top
    // A page that does not fill the screen cannot be scrolled, so the next one is asked for at once.
    if (history.scrollHeight <= history.clientHeight && !timeline.failure) act.older()
  }

  function rows(timeline, who) {
    const items = []
    let before
    for (const message of timeline.messages) {
      const at = timeOf(message.id)
      const date = dayName(at)
      if (date !== before?.date)
        items.push({
          key: `day ${date}`,
          version: date,
          build: () => el('li', { className: 'divider' }, el('span', { textContent: date })),
        })
      const missed = timeline.missed?.from === message.id ? timeline.missed : undefined
      if (missed) {
        const text = missed.count === 1 ? '1 message arrived while you were away' : `${missed.count} messages arrived while you were away`
        items.push({
          key: 'missed',
          version: text,
          build: () => el('li', { className: 'divider missed' }, el('span', { textContent: text })),
        })
      }
      const head = missed !== undefined || date !== before?.date || message.author.id !== before.author || at - before.at > TOGETHER_MS
      const open = editing === message.id
      // While it is being edited a message keeps its element, or the editor would lose what was typed.
      items.push({
        key: message.id,
        version: open ? 'editing' : versionOf(message, head, who),
        build: () => messageRow(message, at, head, open, who),
      })
      before = { author: message.author.id, at, date }
    }
    for (const send of timeline.pending) items.push({ key: `nonce ${send.nonce}`, version: send, build: () => pendingRow(send) })
    return items
  }

  /** One object for each look a message had, so that equal looks are the same version. */
  const versions = new WeakMap()
  function versionOf(message, head, { names }) {
    const look = `${head} ${names.get(message.author.id) ?? ''}`
    const known = versions.get(message)
    if (known?.look === look) return known
    const version = { look }
    versions.set(message, version)
    return version
  }

  function messageRow(message, at, head, open, { me, names }) {
    const mine = message.author.id === me
    const name = names.get(message.author.id) ?? message.author.username
    return el(
      'li',
      { className: `message${head ? ' head' : ''}${mine ? ' mine' : ''}`, data: { id: message.id } },
      head
        ? el(
            'p',
            { className: 'byline' },
            el('strong', { textContent: name }),
            ' ',
            el('time', { dateTime: at.toISOString(), textContent: clockTime(at) }),
          )
        : undefined,
      open ? editor(message) : content(message, names),
      open ? undefined : reactions(message),
      open ? undefined : tools(message, name, mine),
    )
  }

  function content(message, names) {
    const body = el('p', { className: 'content' })
    for (const part of message.content.split(/(<@!?[0-9]{1,20}>)/)) {
      const mention = /^<@!?([0-9]+)>$/.exec(part)
      const known = mention && (names.get(mention[1]) ?? message.mentions?.find((user) => user.id === mention[1])?.username)
      body.append(known ? el('span', { className: 'mention', textContent: `@${known}` }) : part)
    }
    if (message.edited_timestamp) body.append(' ', el('small', { textContent: '(edited)' }))
    return body
  }

  function editor(message) {
    const box = el('textarea', {
      className: 'editor',
      value: message.content,
      rows: 1,
      maxLength: 2_000,
      aria: { label: 'Edit message; Enter saves, Escape cancels' },
    })
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') edit(undefined)
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      const text = box.value.trim()
      if (text !== '' && text !== message.content) act.edit(message.id, text)
      edit(undefined)
    })
    return box
  }

  function reactions(message) {
    if (!message.reactions?.length) return undefined
    const chips = message.reactions.map(({ emoji, count, me }) => {
      const label = `${emoji.name}, ${count}${me ? ', yours' : ''}`
      return el(
        'button',
        {
          type: 'button',
          className: 'chip',
          aria: { pressed: String(me), label },
          on: { click: () => act.react(message.id, emojiKey(emoji), !me) },
        },
        `${emoji.name} ${count}`,
      )
    })
    return el('div', { className: 'reactions' }, ...chips)
  }

  function tools(message, name, mine) {
    const button = (text, label, click) =>
      el('button', {
        type: 'button',
        className: 'quiet',
        textContent: text,
        title: label,
        aria: { label: `${label} (message by ${name})` },
        on: { click },
      })
    return el(
      'div',
      { className: 'tools' },
      ...QUICK_EMOJI.map((emoji) =>
        button(emoji, `React with ${emoji}`, () =>
          act.react(message.id, emoji, !message.reactions?.some((r) => r.me && emojiKey(r.emoji) === emoji)),
        ),
      ),
      ...(mine ? [button('Edit', 'Edit', () => edit(message.id)), button('Delete', 'Delete', () => act.remove(message.id))] : []),
    )
  }

  function pendingRow(send) {
    const failed = send.state === 'failed'
    return el(
      'li',
      { className: `message mine pending head${failed ? ' failed' : ''}` },
      el('p', { className: 'content', textContent: send.content }),
      failed
        ? el(
            'p',
            { className: 'outcome', role: 'alert' },
            `Not sent: ${send.why}. `,
            el('button', { type: 'button', textContent: 'Retry', on: { click: () => act.retry(send) } }),
            ' ',
            el('button', { type: 'button', className: 'quiet', textContent: 'Discard', on: { click: () => act.discard(send.nonce) } }),
          )
        : el('p', { className: 'outcome', textContent: 'Sending…' }),
    )
  }

  return {
    draw,
    /** The newest own message, as Arrow Up in an empty draft expects. */
    editLast: () => {
      const mine = last?.[0].messages.findLast((message) => message.author.id === last[1].me)
      if (mine) edit(mine.id)
    },
  }
}

function edgeText(timeline) {
  if (timeline.failure !== undefined) return `Messages could not be loaded: ${timeline.failure}.`
  if (timeline.loading) return 'Loading…'
  if (timeline.messages.length === 0) return 'No messages yet. Say something.'
  return timeline.complete ? 'The beginning of this channel.' : ''
}
