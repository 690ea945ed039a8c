import type { UserId } from '@threshold/contract'
import type { Runtime, Timers } from '@threshold/kit'
import type { ResumableSession, SessionRegistry } from '@threshold/ports'
import { Gauge } from 'prom-client'
import { ResumeBuffer } from './resume-buffer.ts'

const MAX_EVENTS = 1_024
const MAX_BYTES = 1_024 * 1_024
const MAX_BYTES_OF_ALL = 256 * 1_024 * 1_024
/**
 * Milliseconds without a socket after which others see the user offline. A shorter break, such as
 * in an elevator, is no event to them.
 */
const HIDE_AFTER_MS = 5_000
/** Sessions of one user that wait for their client. One more ends the oldest of them. */
const MAX_WAITING_OF_USER = 16

/** Keeps sessions without a socket for a while, each with what it has sent. */
export function keptSessions<S extends ResumableSession, E extends { readonly size: number }>(
  { keepMs, timers }: { readonly keepMs: number; readonly timers: Timers },
  { clock, telemetry }: Pick<Runtime, 'clock' | 'telemetry'>,
): Omit<SessionRegistry<S, E>, 'onAdopt'> {
  const limits = {
    maxEvents: MAX_EVENTS,
    maxBytes: MAX_BYTES,
    maxAgeMs: keepMs,
    maxBytesOfAll: MAX_BYTES_OF_ALL,
  }
  const total = { bytes: 0, buffers: 0 }
  const sessions = new Map<string, S>()
  const buffers = new Map<S, ResumeBuffer<E>>()
  /** The sessions of each user that wait for their client, with what ends the wait. */
  const waiting = new Map<UserId, Map<S, () => void>>()

  function stopWaiting(session: S): void {
    const ofUser = waiting.get(session.userId)
    ofUser?.get(session)?.()
    ofUser?.delete(session)
    if (ofUser?.size === 0) waiting.delete(session.userId)
  }

  new Gauge({
    name: 'threshold_gateway_resumable_sessions',
    help: 'Sessions that a client can resume, by whether it is connected.',
    labelNames: ['connected'],
    registers: [telemetry.registry],
    collect() {
      const connected = [...buffers.keys()].filter((session) => session.isConnected()).length
      this.set({ connected: 'yes' }, connected)
      this.set({ connected: 'no' }, buffers.size - connected)
    },
  })
  new Gauge({
    name: 'threshold_gateway_resume_buffer_bytes',
    help: 'Events that are kept for clients, counted once for each session.',
    registers: [telemetry.registry],
    collect() {
      this.set(total.bytes)
    },
  })

  return {
    add(session) {
      const buffer = new ResumeBuffer<E>(limits, total, clock)
      buffers.set(session, buffer)
      // A second one of this id is on its way here, and only one of them will begin.
      if (!sessions.has(session.id)) sessions.set(session.id, session)
      return buffer
    },
    disconnected(session) {
      stopWaiting(session)
      const ofUser = waiting.get(session.userId) ?? new Map<S, () => void>()
      waiting.set(session.userId, ofUser)
      const expire = (): void => {
        stopWaiting(session)
        if (!session.isConnected()) session.end()
      }
      const cancels = [
        timers.after(Math.min(HIDE_AFTER_MS, keepMs), () => {
          if (!session.isConnected()) session.hidePresence()
        }),
        timers.after(keepMs, expire),
      ]
      ofUser.set(session, () => {
        for (const cancel of cancels) cancel()
      })
      const [oldest = session] = ofUser.keys()
      if (ofUser.size <= MAX_WAITING_OF_USER) return
      if (oldest.isConnected()) stopWaiting(oldest)
      else oldest.end()
    },
    remove(session) {
      buffers.get(session)?.close()
      buffers.delete(session)
      if (sessions.get(session.id) === session) sessions.delete(session.id)
      stopWaiting(session)
    },
    async claim({ sessionId, userId }) {
      const session = sessions.get(sessionId)
      return session?.userId === userId ? session : undefined
    },
    async [Symbol.asyncDispose]() {
      for (const session of [...buffers.keys()]) session.end()
    },
  }
}
