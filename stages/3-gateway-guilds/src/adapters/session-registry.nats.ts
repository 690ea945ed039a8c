import {
  type Deadline,
  deadlineAfter,
  hasCode,
  isExpired,
  messageOf,
  type Runtime,
  type Timers,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import type { RemoteSession, ResumableSession, SessionRegistry } from '@threshold/ports'
import pLimit from 'p-limit'
import type { Bus } from '../nats/bus.ts'
import { keptSessions } from '../sessions/kept-sessions.ts'
import { adoptRequest, handOverRequest, snapshotRequest } from '../wire/session.ts'

/** Ids of sessions as gateways make them. Clients send any text, and subjects have a syntax. */
const SESSION_ID = /^[0-9a-f]{32}$/

/** Milliseconds for giving all sessions away when this gateway stops. */
const DRAIN_TIMEOUT_MS = 3_000
const MAX_CONCURRENT_ADOPTIONS = 32

interface Served<S> {
  readonly session: S
  readonly serving: Disposable
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
  const served = new Map<string, Served<S>>()
  const handingOver = bus.serve(handOverRequest(gateway), async ({ id, starts }, deadline) => {
    const session = served.get(id)?.session
    if (!session) throw unavailable('the session')
    return session.handOver(starts, deadline)
  })
  /** Requests of this gateway for sessions. Each resolves when the session is here, or is not. */
  const claiming = new Map<string, Promise<void>>()

  /** Sessions that are given away, with what reports their end here. */
  const leaving = new Map<S, () => void>()
  let adopting: Disposable | undefined

  async function claimRemote(
    id: string,
    userId: string,
    deadline: Deadline,
  ): Promise<RemoteSession | undefined> {
    const { promise, resolve } = Promise.withResolvers<void>()
    claiming.set(id, promise)
    const { found } = await bus
      .request(snapshotRequest(id), { userId }, deadline)
      .catch((error: unknown) => {
        if (hasCode(error, 'NO_RESPONDERS')) return { found: undefined }
        throw error
      })
      // The session is added in this turn.
      .finally(() =>
        setImmediate(() => {
          claiming.delete(id)
          resolve()
        }),
      )
    if (!found) return undefined
    return {
      snapshot: found.snapshot,
      handOver: ({ token, guilds, user }, by) =>
        bus.request(
          handOverRequest(found.gateway),
          { id, starts: { token, guilds: new Map(guilds), user } },
          by,
        ),
    }
  }

  /** Asks another gateway to go on with the session. It ends if there is none. */
  async function giveAway(session: S, deadline: Deadline): Promise<void> {
    const { id, userId } = session
    if (isExpired(deadline) || !served.has(id)) return
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    leaving.set(session, resolve)
    try {
      await bus.request(adoptRequest, { id, userId }, deadline)
      // A gateway at which the client has just resumed may still be taking it over.
      await withDeadline(deadline, 'the other gateway', gone)
    } catch (error) {
      runtime.log.debug({ err: messageOf(error) }, 'no gateway goes on with a session')
    }
  }

  return {
    ...local,
    onAdopt(restore) {
      adopting = bus.serve(
        adoptRequest,
        async ({ id, userId }, deadline) => {
          // Its client has just resumed it here.
          const isHere = served.has(id) || claiming.has(id)
          const remote = isHere ? undefined : await claimRemote(id, userId, deadline)
          if (remote) await restore(remote)
          return null
        },
        { queue: 'gateways' },
      )
    },
    add(session) {
      if (served.has(session.id)) return local.add(session)
      const serving = bus.serve(snapshotRequest(session.id), async ({ userId }, deadline) =>
        userId === session.userId
          ? { found: { gateway, snapshot: await session.snapshot(deadline) } }
          : {},
      )
      served.set(session.id, { session, serving })
      return local.add(session)
    },
    remove(session) {
      const found = served.get(session.id)
      if (found?.session === session) {
        found.serving[Symbol.dispose]()
        served.delete(session.id)
      }
      local.remove(session)
      leaving.get(session)?.()
    },
    async claim(request, deadline) {
      const { sessionId: id, userId } = request
      while (claiming.has(id)) await claiming.get(id)
      if (served.has(id) || !SESSION_ID.test(id)) return local.claim(request, deadline)
      return claimRemote(id, userId, deadline)
    },
    async [Symbol.asyncDispose]() {
      adopting?.[Symbol.dispose]()
      const deadline = deadlineAfter(DRAIN_TIMEOUT_MS, runtime.clock)
      const sessions = [...served.values()].map(({ session }) => session)
      await pLimit(MAX_CONCURRENT_ADOPTIONS).map(sessions, (each) => giveAway(each, deadline))
      handingOver[Symbol.dispose]()
      await local[Symbol.asyncDispose]()
    },
  }
}
