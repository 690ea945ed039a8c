import { runningStages } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { z } from 'zod'

const TIMEOUT_MS = 5_000

const answerSchema = z.array(
  z.object({ guild_id: z.string(), reason: z.string(), since: z.iso.datetime() }),
)

/** A guild that no host of a running stage serves, because it fails again and again. */
export interface QuarantinedGuild {
  readonly stage: number
  readonly url: string
  readonly guild: string
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

/** The quarantined guilds of all stages that run on this machine. */
export async function quarantinedGuilds(): Promise<QuarantinedGuild[]> {
  const found = await Promise.all(
    (await runningStages()).map(async ({ stage, url }) => {
      const response = await ask(url, 'GET', '')
      // Stages before the third have no quarantine, and one that is starting or ending has no
      // answer.
      if (response?.status !== 200) return []
      return answerSchema
        .parse(await response.json())
        .map(({ guild_id: guild, reason, since }) => ({ stage, url, guild, reason, since }))
    }),
  )
  return found.flat()
}

/**
 * Lets a guild be served again. Throws NOT_QUARANTINED if no running stage has it in quarantine.
 */
export async function releaseGuild(guild: string): Promise<QuarantinedGuild> {
  const found = (await quarantinedGuilds()).find((each) => each.guild === guild)
  const response = found && (await ask(found.url, 'DELETE', `/${guild}`))
  if (response?.status !== 204)
    throw new CodedError('NOT_QUARANTINED', `no running stage has guild ${guild} in quarantine`, {
      next: 'npx threshold quarantine lists those that one has',
    })
  return found!
}

const ask = (url: string, method: string, path: string): Promise<Response | undefined> =>
  fetch(`${url}/workshop/quarantine${path}`, {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined)

export const formatQuarantine = (guilds: readonly QuarantinedGuild[]): string =>
  guilds
    .map(
      ({ stage, guild, reason, since }) =>
        `guild ${guild} of stage ${stage}, since ${since}: ${reason}\n` +
        `  → npx threshold quarantine release ${guild}`,
    )
    .join('\n')
