import { byId, setText } from './dom.js'

const NOTICE_MS = 6_000

const PHASE_TEXTS = {
  connecting: () => 'Connecting…',
  resuming: () => 'Reconnecting…',
  live: () => 'Live',
  waiting: (seconds) => (seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting…'),
  identifying: (seconds) => (seconds > 0 ? `New session in ${seconds} s` : 'New session…'),
  refused: () => 'Refused',
}

/** Shows the state of the connection, the seconds to the next attempt, and errors of actions. */
export function connectionView(gateway) {
  const status = byId('status')
  const retry = byId('retry-now')
  let state = { phase: 'connecting' }
  let countdown
  let noticeTimer

  retry.addEventListener('click', () => gateway.retryNow())
  // The browser notices that the network is back before the timer does.
  window.addEventListener('online', () => gateway.retryNow())

  function draw() {
    const seconds =
      state.retryAt === undefined ? 0 : Math.ceil((state.retryAt - Date.now()) / 1_000)
    status.dataset.phase = state.phase
    setText(
      status,
      state.phase === 'refused' ? `Refused: ${state.reason}` : PHASE_TEXTS[state.phase](seconds),
    )
    status.title = state.reason === undefined ? '' : `Last: ${state.reason}`
    retry.hidden = state.phase !== 'waiting'
  }

  return {
    show(next) {
      state = next
      clearInterval(countdown)
      if (next.retryAt !== undefined) countdown = setInterval(draw, 500)
      draw()
    },
    notice(text) {
      const line = byId('notice')
      setText(line, text)
      line.hidden = false
      clearTimeout(noticeTimer)
      noticeTimer = setTimeout(() => {
        line.hidden = true
      }, NOTICE_MS)
    },
  }
}
