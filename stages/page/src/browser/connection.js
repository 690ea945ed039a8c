import { byId, setText } from './dom.js'

const NOTICE_MS = 6_000

const WORDS = {
  connecting: () => 'Connecting…',
  resuming: () => 'Reconnecting…',
  live: () => 'Live',
  waiting: (seconds) => (seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting…'),
  identifying: (seconds) => (seconds > 0 ? `New session in ${seconds} s` : 'New session…'),
  refused: () => 'Refused',
}

/**
 * Says how the connection is, counts down to the next attempt, and shows what went wrong with a
 * click.
 */
export function connectionView(gateway) {
  const status = byId('status')
  const retry = byId('retry-now')
  let state = { phase: 'connecting' }
  let ticking
  let clearNotice

  retry.addEventListener('click', () => gateway.retryNow())
  // The machine knows before any time-out does.
  window.addEventListener('online', () => gateway.retryNow())

  function draw() {
    const seconds =
      state.retryAt === undefined ? 0 : Math.ceil((state.retryAt - Date.now()) / 1_000)
    status.dataset.phase = state.phase
    setText(
      status,
      state.phase === 'refused' ? `Refused: ${state.why}` : WORDS[state.phase](seconds),
    )
    status.title = state.why === undefined ? '' : `Last: ${state.why}`
    retry.hidden = state.phase !== 'waiting'
  }

  return {
    show(next) {
      state = next
      clearInterval(ticking)
      if (next.retryAt !== undefined) ticking = setInterval(draw, 500)
      draw()
    },
    notice(text) {
      const line = byId('notice')
      setText(line, text)
      line.hidden = false
      clearTimeout(clearNotice)
      clearNotice = setTimeout(() => {
        line.hidden = true
      }, NOTICE_MS)
    },
  }
}
