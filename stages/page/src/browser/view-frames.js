import { byId, el, preciseTime } from './dom.js'

const OP_NAMES = [
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

const MAX_FRAMES = 200
const MAX_CHARACTERS = 20_000

/**
 * Lists gateway frames as they pass: opcode, event name and sequence. A click shows the payload.
 */
export function framesView() {
  const list = byId('frame-list')
  const pause = byId('pause-frames')
  const hideBeats = byId('hide-beats')
  let paused = false

  pause.addEventListener('click', () => {
    paused = !paused
    pause.setAttribute('aria-pressed', String(paused))
    pause.textContent = paused ? 'Continue' : 'Pause'
  })
  const applyFilter = () => list.classList.toggle('without-beats', hideBeats.checked)
  hideBeats.addEventListener('change', applyFilter)
  applyFilter()

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
            className: 'direction',
            textContent: direction,
            title: direction === 'in' ? 'received' : 'sent',
          }),
          el('code', { textContent: `op ${frame.op}` }),
          el('span', { className: 'event', textContent: frame.t ?? OP_NAMES[frame.op] ?? '' }),
          el('code', { className: 's', textContent: frame.s == null ? '' : `s ${frame.s}` }),
          el('time', { textContent: preciseTime(new Date()) }),
        ),
      )
      // Formatted when it is opened, since most frames never are.
      details.addEventListener(
        'toggle',
        () => details.append(el('pre', { textContent: format(frame) })),
        { once: true },
      )
      list.prepend(el('li', { className: `${direction}${beat ? ' beat' : ''}` }, details))
      while (list.children.length > MAX_FRAMES) list.lastElementChild.remove()
    },
  }
}

/** Hides the token, because this panel is shown on projectors. */
const format = (frame) => {
  const hideToken = (key, value) => (key === 'token' ? '…' : value)
  return JSON.stringify(frame, hideToken, 2).slice(0, MAX_CHARACTERS)
}
