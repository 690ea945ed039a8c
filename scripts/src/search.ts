import { setTimeout as delay } from 'node:timers/promises'
import { type OnProgress, runningStages } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { z } from 'zod'

const TIMEOUT_MS = 5_000
const POLL_MS = 200

const startedSchema = z.object({ sequence: z.int() })
const statusSchema = z.object({
  position: z.int(),
  rebuilding: z.boolean(),
  channels: z.int(),
  messages: z.int(),
})

/** A finished rebuild, with the numbers of channels and messages that it has read. */
export interface RebuiltIndex {
  readonly stage: number
  readonly channels: number
  readonly messages: number
}

/**
 * Rebuilds the search indexes of all stages that run on this machine, one stage after the other.
 * Throws NO_SEARCH_INDEX if none of them has one, or if the search role of one does not answer.
 */
export async function rebuildIndexes(
  onProgress: OnProgress,
  interrupted: AbortSignal,
): Promise<RebuiltIndex[]> {
  const rebuilt: RebuiltIndex[] = []
  for (const { stage, url } of await runningStages()) {
    const status = await ask(url, 'GET', '', interrupted)
    // Stages before the third keep their index in MongoDB, and have no such route.
    if (status === undefined || status.status === 404) continue
    await requireOk(stage, status)
    const response = await requireOk(stage, await ask(url, 'POST', '/rebuild', interrupted))
    const { sequence } = startedSchema.parse(await response.json())
    for (;;) {
      const current = await requireOk(stage, await ask(url, 'GET', '', interrupted))
      const { position, rebuilding, ...read } = statusSchema.parse(await current.json())
      if (position >= sequence && !rebuilding) {
        rebuilt.push({ stage, ...read })
        break
      }
      const { messages, channels } = read
      if (position >= sequence)
        onProgress({ text: `stage ${stage}: ${messages} messages, ${channels} channels` })
      await delay(POLL_MS, undefined, { signal: interrupted }).catch(() =>
        interrupted.throwIfAborted(),
      )
    }
  }
  if (rebuilt.length === 0)
    throw new CodedError('NO_SEARCH_INDEX', 'no running stage has a search index to rebuild', {
      next: 'npx threshold stage 3 starts one',
    })
  return rebuilt
}

const ask = async (
  url: string,
  method: string,
  path: string,
  interrupted: AbortSignal,
): Promise<Response | undefined> => {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(TIMEOUT_MS)])
  const response = await fetch(`${url}/workshop/search${path}`, { method, signal }).catch(
    () => undefined,
  )
  interrupted.throwIfAborted()
  return response
}

async function requireOk(stage: number, response: Response | undefined): Promise<Response> {
  if (response?.ok) return response
  const why = response === undefined ? 'it does not answer' : await response.text()
  throw new CodedError('NO_SEARCH_INDEX', `the search index of stage ${stage}: ${why}`, {
    next: 'see whether its search role runs, and run the command again',
  })
}
