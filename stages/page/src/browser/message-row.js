import { avatar, clockTime, dayAndTime, el } from './dom.js'
import { emojiKey } from './timeline.js'

const QUICK_EMOJI = ['👍', '❤️', '😂', '🎉', '👀']

/**
 * One message as an element. `look` is `{at, head, open, mine, name, names}`; `act` what its
 * buttons do.
 */
export function messageRow(message, look, act) {
  const { at, head, open, mine, name } = look
  const time = el('time', {
    dateTime: at.toISOString(),
    textContent: clockTime(at),
    title: dayAndTime(at),
  })
  return el(
    'li',
    {
      className: `message${head ? ' head' : ''}${mine ? ' mine' : ''}`,
      data: { id: message.id },
      tabIndex: -1,
    },
    head
      ? avatar(el('span', { aria: { hidden: 'true' } }), message.author.id, name)
      : el('span', { className: 'gutter', aria: { hidden: 'true' } }, time),
    el(
      'div',
      { className: 'body' },
      head
        ? el('p', { className: 'byline' }, el('strong', { textContent: name }), ' ', time)
        : undefined,
      open ? editor(message, act) : content(message, look.names),
      open ? undefined : reactions(message, act),
    ),
    open ? undefined : tools(message, look, act),
  )
}

/** A send that no answer has come to yet. */
export function pendingRow(send, { user, act }) {
  const failed = send.state === 'failed'
  const outcome = failed
    ? el(
        'p',
        { className: 'outcome', role: 'alert' },
        send.repeat
          ? `Not sent: ${send.why}. It is sent again when the connection is back. `
          : `Not sent: ${send.why}. `,
        el('button', {
          type: 'button',
          className: 'small',
          textContent: 'Retry',
          on: { click: () => act.retry(send) },
        }),
        ' ',
        el('button', {
          type: 'button',
          className: 'small quiet',
          textContent: 'Discard',
          on: { click: () => act.discard(send.nonce) },
        }),
      )
    : el('p', { className: 'outcome', textContent: 'Sending…' })
  return el(
    'li',
    { className: `message mine pending head${failed ? ' failed' : ''}` },
    avatar(el('span', { aria: { hidden: 'true' } }), user.id, user.username),
    el(
      'div',
      { className: 'body' },
      el('p', { className: 'content', textContent: send.content }),
      outcome,
    ),
  )
}

export const divider = (text, className = '') =>
  el('li', { className: `divider ${className}` }, el('span', { textContent: text }))

/** Mentions become names. Everything else is text, whatever it looks like. */
function content(message, names) {
  const body = el('p', { className: 'content' })
  for (const part of message.content.split(/(<@!?[0-9]{1,20}>)/)) {
    const id = /^<@!?([0-9]+)>$/.exec(part)?.[1]
    const known =
      id && (names.get(id) ?? message.mentions?.find((user) => user.id === id)?.username)
    body.append(known ? el('span', { className: 'mention', textContent: `@${known}` }) : part)
  }
  if (message.edited_timestamp) body.append(' ', el('small', { textContent: '(edited)' }))
  return body
}

function editor(message, act) {
  const box = el('textarea', {
    className: 'editor',
    value: message.content,
    rows: Math.min(8, message.content.split('\n').length),
    maxLength: 2_000,
    aria: { label: 'Edit message; Enter saves, Escape cancels' },
  })
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') act.close(message.id)
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    const text = box.value.trim()
    if (text !== '' && text !== message.content) act.edit(message.id, text)
    act.close(message.id)
  })
  return box
}

function reactions(message, act) {
  if (!message.reactions?.length) return undefined
  const chips = message.reactions.map(({ emoji, count, me }) =>
    el(
      'button',
      {
        type: 'button',
        className: 'chip',
        aria: { pressed: String(me), label: `${emoji.name}, ${count}${me ? ', yours' : ''}` },
        on: { click: () => act.react(message.id, emojiKey(emoji), !me) },
      },
      `${emoji.name} ${count}`,
    ),
  )
  return el('div', { className: 'reactions' }, ...chips)
}

/**
 * Out of the tab order until their message has the focus: a hundred messages would be seven hundred
 * stops.
 */
function tools(message, { mine, name }, act) {
  const button = (text, label, click) =>
    el('button', {
      type: 'button',
      className: 'quiet',
      tabIndex: -1,
      textContent: text,
      title: label,
      aria: { label: `${label} (message by ${name})` },
      on: { click },
    })
  const reacted = (emoji) =>
    message.reactions?.some((reaction) => reaction.me && emojiKey(reaction.emoji) === emoji)
  return el(
    'div',
    { className: 'tools' },
    ...QUICK_EMOJI.map((emoji) =>
      button(emoji, `React with ${emoji}`, () => act.react(message.id, emoji, !reacted(emoji))),
    ),
    ...(mine
      ? [
          button('Edit', 'Edit', () => act.open(message.id)),
          button('Delete', 'Delete', () => act.remove(message.id)),
        ]
      : []),
  )
}
