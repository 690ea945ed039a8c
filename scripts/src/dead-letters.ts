import { runningStages } from '@threshold/engines'
import { CodedError, unavailable } from '@threshold/kit'
import { z } from 'zod'

const TIMEOUT_MS = 10_000

const answerSchema = z.object({
  total: z.number(),
  oldest: z.array(
    z.object({
      id: z.string(),
      channel_id: z.string().nullable(),
      reason: z.enum(['attempts', 'refused', 'unreadable', 'failed']),
      attempts: z.number(),
      given_up: z.iso.datetime(),
    }),
  ),
})

/** A push that a running stage has given up. */
export interface DeadLetter {
  readonly stage: number
  readonly url: string
  /** The id of the message, or of the entry if it could not be read. */
  readonly id: string
  readonly channel: string | null
  readonly reason: keyof typeof REASONS
  readonly attempts: number
  /** ISO 8601. */
  readonly givenUp: string
}

export interface DeadLetters {
  readonly total: number
  /** Up to a thousand of each stage, oldest first. */
  readonly letters: readonly DeadLetter[]
}

const REASONS = {
  attempts: 'the sink took it in no attempt',
  refused: 'the sink refused it for good',
  unreadable: 'it could not be read',
  failed: 'it made the code that sends it fail; see the log of the notifications role',
} as const

/**
 * The dead letters of all stages that run on this machine. Throws `UNAVAILABLE` if one of them does
 * not answer: a list without its letters would look complete.
 */
export async function listDeadLetters(): Promise<DeadLetters> {
  const found = await Promise.all(
    (await runningStages()).map(async ({ stage, url }) => {
      const response = await ask(url, 'GET', '')
      if (!response || response.status >= 500) throw unavailable(`the stage at ${url}`)
      // Stages before the third have no such route.
      if (response.status !== 200) return { total: 0, letters: [] }
      const { total, oldest } = answerSchema.parse(await response.json())
      const letters = oldest.map(({ channel_id: channel, given_up: givenUp, ...letter }) => ({
        ...letter,
        stage,
        url,
        channel,
        givenUp,
      }))
      return { total, letters }
    }),
  )
  return {
    total: found.reduce((sum, { total }) => sum + total, 0),
    letters: found.flatMap(({ letters }) => letters),
  }
}

/**
 * Hands pushes to the workers once more. Resolves with their number. Throws BAD_OPTION without an
 * id, and NO_DEAD_LETTER at the first one that no running stage has.
 */
export async function replayDeadLetters(ids: readonly string[]): Promise<number> {
  if (ids.length === 0)
    throw new CodedError('BAD_OPTION', 'name the pushes to replay, or give --all', {
      next: 'npx threshold dead-letters list shows their ids',
    })
  const stages = await runningStages()
  for (const id of ids) {
    let isFound = false
    for (const { url } of stages) isFound ||= await replay(url, id)
    if (!isFound)
      throw new CodedError('NO_DEAD_LETTER', `no running stage has a dead letter ${id}`, {
        next: 'npx threshold dead-letters list shows those that one has',
      })
  }
  return ids.length
}

/** Replays each dead letter once, also if it is given up again meanwhile. */
export async function replayAllDeadLetters(): Promise<number> {
  const seen = new Set<string>()
  let replayed = 0
  for (;;) {
    const { letters } = await listDeadLetters()
    const unseen = letters.filter(({ url, id }) => !seen.has(`${url} ${id}`))
    if (unseen.length === 0) return replayed
    for (const { url, id } of unseen) {
      seen.add(`${url} ${id}`)
      if (await replay(url, id)) replayed += 1
    }
  }
}

/** Whether the stage had the dead letter. */
async function replay(url: string, id: string): Promise<boolean> {
  const response = await ask(url, 'POST', `/${encodeURIComponent(id)}/replay`)
  if (response?.status === 204) return true
  // Stages before the third have no such route.
  if (response && response.status < 500) return false
  throw unavailable(`the stage at ${url}`)
}

const ask = (url: string, method: string, path: string): Promise<Response | undefined> =>
  fetch(`${url}/workshop/dead-letters${path}`, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined)

export function formatDeadLetters({ total, letters }: DeadLetters, now: number): string {
  if (total === 0) return 'no push has been given up'
  const lines = letters.map(
    ({ stage, id, channel, reason, attempts, givenUp }) =>
      `push ${id} of stage ${stage}${channel === null ? '' : `, channel ${channel}`}, ` +
      `given up ${ageOf(now - Date.parse(givenUp))} ago after ` +
      `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${REASONS[reason]}`,
  )
  if (total > letters.length) lines.push(`and ${total - letters.length} more`)
  return [...lines, '  → npx threshold dead-letters replay --all'].join('\n')
}

function ageOf(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  if (minutes < 60) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`
}
