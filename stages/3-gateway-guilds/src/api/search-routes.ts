import { deadlineAfter, hasCode, type Runtime } from '@threshold/kit'
import express, { type Response, type Router } from 'express'
import type { NatsSearchIndex } from '../adapters/search-index.nats.ts'

const TIMEOUT_MS = 2_000

/**
 * Routes for operators, with which `threshold search rebuild` has all indexes rebuilt and shows the
 * progress of one. Mounted only if provisioning is on, so never where strangers can reach them.
 */
export function searchRoutes(
  search: Pick<NatsSearchIndex, 'rebuild' | 'status'>,
  { clock }: Pick<Runtime, 'clock'>,
): Router {
  const router = express.Router()
  const deadline = () => deadlineAfter(TIMEOUT_MS, clock)
  const answer = async (response: Response, work: Promise<object>): Promise<void> => {
    try {
      response.json(await work)
    } catch (error) {
      if (!hasCode(error)) throw error
      response.status(503).json({ code: error.code, message: error.message })
    }
  }
  router.get('/workshop/search', (_request, response) =>
    answer(response, search.status(deadline())),
  )
  router.post('/workshop/search/rebuild', (_request, response) =>
    answer(
      response,
      search.rebuild(deadline()).then((sequence) => ({ sequence })),
    ),
  )
  return router
}
