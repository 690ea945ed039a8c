import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { refuse } from '@threshold/contract'
import { createRuntime, type Deadline } from '@threshold/kit'
import express from 'express'
import { describe, expect, it } from 'vitest'
import type { Admission } from '../../src/rest/admission.ts'
import { errorHandler } from '../../src/rest/respond.ts'
import { type Method, type RouteGuards, routeAdder } from '../../src/rest/route.ts'

const NOW = 1_000
const BUDGET_MS = 5_000

/**
 * A server with one route, whose checks and handler record when they run. `admit` decides about
 * each request.
 */
async function serveRoute(
  use: AsyncDisposableStack,
  method: Method,
  admit: (work: () => Promise<unknown>) => Promise<unknown> = (work) => work(),
) {
  const calls: string[] = []
  const deadlines: number[] = []
  const recording = (kind: string): Admission => ({
    async run<T>({ at }: Deadline, work: () => Promise<T>): Promise<T> {
      calls.push(`${kind} begins`)
      deadlines.push(at)
      try {
        return (await admit(work)) as T
      } finally {
        calls.push(`${kind} ends`)
      }
    },
    load: { running: 0, waiting: 0, limit: 1 },
  })
  const guards: RouteGuards = {
    identify() {
      calls.push('identify')
      return '7'
    },
    limit: async (sender) => void calls.push(`limit ${sender}`),
    readBody: async () => void calls.push('read the body'),
    gatewayUrl: () => '',
    budgetMs: BUDGET_MS,
    admission: { reads: recording('read'), writes: recording('write') },
  }
  const runtime = createRuntime({ random: randomBytes, clock: { now: () => NOW } })
  const app = express()
  routeAdder(app, guards, runtime)(method, '/', 'test', async () => {
    calls.push('handler')
    return { ok: true }
  })
  const server = app.use(errorHandler(runtime)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  use.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { status } = await fetch(url, { method: method.toUpperCase() })
  return { status, calls, deadlines }
}

describe('a route', () => {
  it.each([
    ['get', 'read'],
    ['post', 'write'],
    ['put', 'write'],
    ['patch', 'write'],
    ['delete', 'write'],
  ] as const)(
    'by %s runs its handler inside the admission of a %s, after the cheaper checks',
    async (method, kind) => {
      await using use = new AsyncDisposableStack()
      const { status, calls, deadlines } = await serveRoute(use, method)
      expect(status).toBe(200)
      expect(calls).toEqual([
        'identify',
        'limit 7',
        'read the body',
        `${kind} begins`,
        'handler',
        `${kind} ends`,
      ])
      expect(deadlines).toEqual([NOW + BUDGET_MS])
    },
  )

  it('answers 503 and does not run its handler if it is not admitted', async () => {
    await using use = new AsyncDisposableStack()
    const { status, calls } = await serveRoute(use, 'post', async () => {
      throw refuse.unavailable()
    })
    expect(status).toBe(503)
    expect(calls).not.toContain('handler')
  })
})
