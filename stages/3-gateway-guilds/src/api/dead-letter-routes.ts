import express, { type Router } from 'express'
import type { Nats } from '../nats/connect.ts'
import { listDeadLetters, readPush, replayDeadLetter } from '../nats/push-streams.ts'

const MAX_LISTED = 1_000

/**
 * Routes for operators, with which `threshold dead-letters` lists and replays pushes that were
 * given up. They show nothing of what a push says. Mounted only if provisioning is on, so never
 * where strangers can reach them.
 */
export function deadLetterRoutes(nats: Nats): Router {
  const router = express.Router()
  router.get('/workshop/dead-letters', async (_request, response) => {
    const { total, letters } = await listDeadLetters(nats, MAX_LISTED)
    response.json({
      total,
      oldest: letters.map(({ id, reason, attempts, at, push }) => ({
        id,
        channel_id: readPush(push)?.notification.channelId ?? null,
        reason,
        attempts,
        given_up: new Date(at).toISOString(),
      })),
    })
  })
  router.post('/workshop/dead-letters/:id/replay', async ({ params }, response) => {
    response.status((await replayDeadLetter(nats, params.id)) ? 204 : 404).end()
  })
  return router
}
