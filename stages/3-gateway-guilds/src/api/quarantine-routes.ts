import type { KV } from '@nats-io/kv'
import express, { type Router } from 'express'
import { listQuarantine } from '../actors/quarantine.ts'

/**
 * Routes for operators, with which `threshold quarantine` lists and releases quarantined guilds.
 * Mounted only if provisioning is on, so never where strangers can reach them.
 */
export function quarantineRoutes(bucket: KV): Router {
  const router = express.Router()
  router.get('/workshop/quarantine', async (_request, response) => {
    const entries = await listQuarantine(bucket)
    response.json(
      entries.map(({ guild, reason, at }) => ({
        guild_id: guild,
        reason,
        since: new Date(at).toISOString(),
      })),
    )
  })
  router.delete('/workshop/quarantine/:guild', async ({ params }, response) => {
    const found = (await listQuarantine(bucket)).some(({ guild }) => guild === params.guild)
    if (found) await bucket.delete(params.guild)
    response.status(found ? 204 : 404).end()
  })
  return router
}
