import { hasCode, type Runtime, type Timers, unavailable } from '@threshold/kit'
import type { ResumableSession, SessionRegistry } from '@threshold/ports'
import type { Bus } from '../nats/bus.ts'
import { keptSessions } from '../sessions/kept-sessions.ts'
import { handOverRequest, snapshotRequest } from '../wire/session.ts'

/** Ids of sessions as gateways make them. Clients send any text, and subjects have a syntax. */
const SESSION_ID = /^[0-9a-f]{32}$/

interface Serving<S> extends Disposable {
  readonly session: S
}

/**
 * Keeps the sessions of this gateway for a while after their sockets, and hands them over to the
 * gateway at which a client resumes. Each session has a subject of its own, so there is no store
 * and no list of who has which.
 */
export function natsSessionRegistry<
  S extends ResumableSession,
  E extends { readonly size: number },
>(
  bus: Bus,
  options: { readonly gateway: string; readonly keepMs: number; readonly timers: Timers },
  runtime: Runtime,
): SessionRegistry<S, E> {
  const { gateway } = options
  const local = keptSessions<S, E>(options, runtime)
  const served = new Map<string, Serving<S>>()
  const handingOver = bus.serve(handOverRequest(gateway), async ({ id, starts }, deadline) => {
    const session = served.get(id)?.session
    if (!session) throw unavailable('the session')
    try {
      return await session.handOver(starts, deadline)
    } catch (error) {
      session.end()
      throw error
    }
  })

  return {
    ...local,
    add(session) {
      const serving = bus.serve(snapshotRequest(session.id), async ({ userId }, deadline) =>
        userId === session.userId
          ? { found: { gateway, snapshot: await session.snapshot(deadline) } }
          : {},
      )
      served.set(session.id, {
        session,
        [Symbol.dispose]: () => serving[Symbol.dispose](),
      })
      return local.add(session)
    },
    remove(session) {
      const serving = served.get(session.id)
      if (serving?.session === session) {
        serving[Symbol.dispose]()
        served.delete(session.id)
      }
      local.remove(session)
    },
    async claim(request, deadline) {
      const { sessionId: id, userId } = request
      if (served.has(id) || !SESSION_ID.test(id)) return local.claim(request, deadline)
      const { found } = await bus
        .request(snapshotRequest(id), { userId }, deadline)
        .catch((error: unknown) => {
          if (hasCode(error, 'NO_RESPONDERS')) return { found: undefined }
          throw error
        })
      if (!found) return undefined
      return {
        snapshot: found.snapshot,
        handOver: ({ guilds, user }, by) =>
          bus.request(
            handOverRequest(found.gateway),
            { id, starts: { guilds: new Map(guilds), user } },
            by,
          ),
      }
    },
    async [Symbol.asyncDispose]() {
      handingOver[Symbol.dispose]()
      await local[Symbol.asyncDispose]()
    },
  }
}
