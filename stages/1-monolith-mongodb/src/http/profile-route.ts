import { Session } from 'node:inspector/promises'
import { setTimeout as delay } from 'node:timers/promises'
import express, { type Router } from 'express'
import { sendJson } from '../rest/respond.ts'

const MAX_SECONDS = 60
/** Between two samples of the stack. A busy process spends about 2% of its time on them. */
const SAMPLE_EVERY_US = 1_000
/** Between two samples of allocations, on average. */
const SAMPLE_EVERY_BYTES = 16_384

/**
 * `GET /workshop/profile?seconds=N`, for operators: a profile of this process in V8's format, of
 * its wall time, or with `kind=memory` of what it allocates meanwhile and still uses. `guild` limits it to the process that owns the guild: others answer 404. One profile runs
 * at a time, and it ends when its client leaves or when `closing` aborts.
 */
export function profileRoutes(ownsGuild: (guild: string) => boolean, closing: AbortSignal): Router {
  const router = express.Router()
  let isRunning = false
  router.get('/workshop/profile', async ({ query }, response) => {
    const { guild, kind = 'time' } = query
    const seconds = Number(query.seconds)
    if (!(seconds >= 1 && seconds <= MAX_SECONDS))
      return sendJson(response, 400, { message: `seconds must be 1 to ${MAX_SECONDS}`, code: 0 })
    if (kind !== 'time' && kind !== 'memory')
      return sendJson(response, 400, { message: 'kind must be time or memory', code: 0 })
    if (guild !== undefined && !ownsGuild(String(guild)))
      return sendJson(response, 404, { message: 'another process owns the guild', code: 0 })
    if (isRunning)
      return sendJson(response, 409, { message: 'a profile is running already', code: 0 })
    isRunning = true
    const left = new AbortController()
    response.once('close', () => left.abort())
    try {
      const signal = AbortSignal.any([left.signal, closing])
      sendJson(response, 200, await profile(kind, seconds, signal))
    } finally {
      isRunning = false
    }
  })
  return router
}

async function profile(
  kind: 'time' | 'memory',
  seconds: number,
  signal: AbortSignal,
): Promise<object> {
  const session = new Session()
  session.connect()
  const untilEnd = () => delay(seconds * 1_000, undefined, { signal }).catch(() => {})
  try {
    if (kind === 'memory') {
      await session.post('HeapProfiler.startSampling', { samplingInterval: SAMPLE_EVERY_BYTES })
      await untilEnd()
      // V8 collects the garbage first, which takes up to a second for each GiB.
      return (await session.post('HeapProfiler.stopSampling')).profile
    }
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_US })
    await session.post('Profiler.start')
    await untilEnd()
    return (await session.post('Profiler.stop')).profile
  } finally {
    session.disconnect()
  }
}
