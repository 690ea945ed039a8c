import process from 'node:process'
import type { ReadinessMonitor, Runtime } from '@threshold/kit'
import express, { type Router } from 'express'
import { sendJson } from '../rest/respond.ts'

/**
 * `/healthz`: the process runs. `/readyz`: it can serve, or 503 with the reasons why it cannot.
 * Where several processes listen on one port, the answer names its own in `X-Process-Id`.
 */
export function healthRoutes(
  readiness: ReadinessMonitor,
  { namesProcess }: { readonly namesProcess: boolean },
): Router {
  const router = express.Router()
  router.get('/healthz', (_request, response) => {
    sendJson(response, 200, { status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    if (namesProcess) response.set('X-Process-Id', String(process.pid))
    const reasons = await readiness.reasons()
    if (Object.keys(reasons).length === 0) sendJson(response, 200, { status: 'ready' })
    else sendJson(response.set('Retry-After', '1'), 503, { status: 'not ready', reasons })
  })
  return router
}

/** `/metrics`, in Prometheus' text format. */
export function metricsRoutes({ telemetry: { registry } }: Runtime): Router {
  const router = express.Router()
  router.get('/metrics', async (_request, response) => {
    response.set('Content-Type', registry.contentType).end(await registry.metrics())
  })
  return router
}
