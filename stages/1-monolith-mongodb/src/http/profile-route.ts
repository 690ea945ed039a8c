import { Session } from 'node:inspector/promises'
import { setTimeout as delay } from 'node:timers/promises'
import express, { type Router } from 'express'
import { sendJson } from '../rest/respond.ts'

const MAX_SECONDS = 60
/** Between two samples. A busy process spends about 2% of its time on them. */
const SAMPLE_EVERY_US = 1_000

/**
 * `GET /workshop/profile?seconds=N`, for operators: a profile of this process in wall time, in V8's
 * format. `guild` limits it to the process that owns the guild: others answer 404. One profile runs
 * at a time, and it ends when its client leaves or when `closing` aborts.
 */
export function profileRoutes(ownsGuild: (guild: string) => boolean, closing: AbortSignal): Router {
  const router = express.Router()
  let isRunning = false
  router.get('/workshop/profile', async ({ query }, response) => {
    const { guild } = query
    const seconds = Number(query.seconds)
    if (!(seconds >= 1 && seconds <= MAX_SECONDS))
      return sendJson(response, 400, { message: `seconds must be 1 to ${MAX_SECONDS}`, code: 0 })
    if (guild !== undefined && !ownsGuild(String(guild)))
      return sendJson(response, 404, { message: 'another process owns the guild', code: 0 })
    if (isRunning)
      return sendJson(response, 409, { message: 'a profile is running already', code: 0 })
    isRunning = true
    const left = new AbortController()
    response.once('close', () => left.abort())
    try {
      const signal = AbortSignal.any([left.signal, closing])
      sendJson(response, 200, await profile(seconds, signal))
    } finally {
      isRunning = false
    }
  })
  return router
}

async function profile(seconds: number, signal: AbortSignal): Promise<object> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US })
    await session.post('Profiler.start')
    await delay(seconds * 1_000, undefined, { signal }).catch(() => {})
    return (await session.post('Profiler.stop')).profile
  } finally {
    session.disconnect()
  }
}
