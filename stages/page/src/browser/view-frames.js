import { byId, el, preciseTime } from './dom.js'

const NAMES = [
  'Dispatch',
  'Heartbeat',
  'Identify',
  'Presence Update',
  'Voice State Update',
  '',
  'Resume',
  'Reconnect',
  'Request Members',
  'Invalid Session',
  'Hello',
  'Heartbeat Ack',
]

const KEPT = 200
const SHOWN_CHARACTERS = 20_000

/**
 * The protocol, live: each frame with its opcode, event name and sequence; a click shows what it
 * carries.
 */
export function framesView() {
  const list = byId('frame-list')
  const pause = byId('pause-frames')
  const hideBeats = byId('hide-beats')
  let paused = false

  pause.addEventListener('click', () => {
    paused = !paused
    pause.setAttribute('aria-pressed', String(paused))
    pause.textContent = paused ? 'Go on' : 'Pause'
  })
  const hide = () => list.classList.toggle('without-beats', hideBeats.checked)
  hideBeats.addEventListener('change', hide)
  hide()

  return {
    add(direction, frame) {
      if (paused) return
      const beat = frame.op === 1 || frame.op === 11
      const details = el(
        'details',
        {},
        el(
          'summary',
          {},
          el('span', {
            className: 'way',
            textContent: direction,
            title: direction === 'in' ? 'received' : 'sent',
          }),
          el('code', { textContent: `op ${frame.op}` }),
          el('span', { className: 'event', textContent: frame.t ?? NAMES[frame.op] ?? '' }),
          el('code', { className: 's', textContent: frame.s == null ? '' : `s ${frame.s}` }),
          el('time', { textContent: preciseTime(new Date()) }),
        ),
      )
      // Written when it is opened: most frames never are.
      details.addEventListener(
        'toggle',
        () => details.append(el('pre', { textContent: shown(frame) })),
        { once: true },
      )
      list.prepend(el('li', { className: `${direction}${beat ? ' beat' : ''}` }, details))
      while (list.children.length > KEPT) list.lastElementChild.remove()
    },
  }
}

/** The token stays out of sight: this panel is shown on projectors. */
const shown = (frame) =>
  JSON.stringify(frame, (key, value) => (key === 'token' ? '…' : value), 2).slice(
    0,
    SHOWN_CHARACTERS,
  )
