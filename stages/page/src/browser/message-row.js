import { avatar, clockTime, dayAndTime, el } from './dom.js'
import { emojiKey } from './reactions.js'

const QUICK_EMOJI = ['👍', '❤️', '😂', '🎉', '👀']

/**
 * Draws one message. `display` is `{sentAt, head, editing, isOwn, name, names}`, where `head` shows
 * avatar and name. `actions` are called by its buttons.
 */
export function messageRow(message, display, actions) {
  const { sentAt, head, editing, isOwn, name } = display
  const time = el('time', {
    dateTime: sentAt.toISOString(),
    textContent: clockTime(sentAt),
    title: dayAndTime(sentAt),
  })
  return el(
    'li',
    {
      className: `message${head ? ' head' : ''}${isOwn ? ' own' : ''}`,
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
      editing ? editor(message, actions) : content(message, display.names),
      editing ? undefined : reactions(message, actions),
    ),
    editing ? undefined : tools(message, display, actions),
  )
}

/** Draws a send without an answer. */
export function pendingRow(send, { user, actions }) {
  const failed = send.state === 'failed'
  const outcome = failed
    ? el(
        'p',
        { className: 'outcome', role: 'alert' },
        send.repeat
          ? `Not sent: ${send.reason}. It is sent again when the connection is back. `
          : `Not sent: ${send.reason}. `,
        el('button', {
          type: 'button',
          className: 'small',
          textContent: 'Retry',
          on: { click: () => actions.retry(send) },
        }),
        ' ',
        el('button', {
          type: 'button',
          className: 'small quiet',
          textContent: 'Discard',
          on: { click: () => actions.discard(send.nonce) },
        }),
      )
    : el('p', { className: 'outcome', textContent: 'Sending…' })
  return el(
    'li',
    { className: `message own pending head${failed ? ' failed' : ''}` },
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

/** Shows mentions as names, and everything else as plain text. */
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

function editor(message, actions) {
  const box = el('textarea', {
    className: 'editor',
    value: message.content,
    rows: Math.min(8, message.content.split('\n').length),
    maxLength: 2_000,
    aria: { label: 'Edit message; Enter saves, Escape cancels' },
  })
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') actions.endEdit(message.id)
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    const text = box.value.trim()
    if (text !== '' && text !== message.content) actions.edit(message.id, text)
    actions.endEdit(message.id)
  })
  return box
}

function reactions(message, actions) {
  if (!message.reactions?.length) return undefined
  const chips = message.reactions.map(({ emoji, count, me }) =>
    el(
      'button',
      {
        type: 'button',
        className: 'chip',
        aria: { pressed: String(me), label: `${emoji.name}, ${count}${me ? ', yours' : ''}` },
        on: { click: () => actions.react(message.id, emojiKey(emoji), !me) },
      },
      `${emoji.name} ${count}`,
    ),
  )
  return el('div', { className: 'reactions' }, ...chips)
}

/**
 * The buttons of a message. They enter the tab order when the message has the focus: the buttons of
 * a hundred messages would be seven hundred stops.
 */
function tools(message, { isOwn, name }, actions) {
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
      button(emoji, `React with ${emoji}`, () => actions.react(message.id, emoji, !reacted(emoji))),
    ),
    ...(isOwn
      ? [
          button('Edit', 'Edit', () => actions.startEdit(message.id)),
          button('Delete', 'Delete', () => actions.remove(message.id)),
        ]
      : []),
  )
}
