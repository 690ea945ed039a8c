import { firstIdAt } from '@threshold/contract'
import { messageOf } from '@threshold/kit'
import { Agent, request } from 'undici'
import type { FixtureGuild } from './plan.ts'
import type { PlannedAttempt } from './schedule.ts'

export interface Sender extends AsyncDisposable {
  /**
   * Sends or reads once. Resolves with `ok`, a status other than 2xx, or the reason why there was
   * no answer. Never rejects.
   */
  attempt(planned: PlannedAttempt, nonce: string, timeoutMs: number): Promise<string>
}

/**
 * Open connections. Requests beyond this number queue here. Their waiting time counts, since
 * latency starts when the request is due.
 */
const CONNECTIONS = 128

export function createSender(baseUrl: string, guilds: readonly FixtureGuild[]): Sender {
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1 })
  return {
    async attempt(planned, nonce, timeoutMs) {
      if (timeoutMs <= 0) return 'no answer in time'
      const guild = guilds[planned.guild]!
      const url = `${baseUrl}/api/v10/channels/${guild.channels[planned.channel]}/messages`
      const authorization = `Bot ${guild.members[planned.author]!.token}`
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        const { statusCode, body } =
          planned.kind === 'send'
            ? await request(url, {
                dispatcher: agent,
                signal,
                method: 'POST',
                headers: { authorization, 'content-type': 'application/json' },
                body: JSON.stringify({ content: textOf(planned.length), nonce }),
              })
            : await request(`${url}?limit=50${beforeOf(planned, guild)}`, {
                dispatcher: agent,
                signal,
                headers: { authorization },
              })
        await body.dump({ limit: 1_000_000 })
        return statusCode >= 200 && statusCode < 300 ? 'ok' : `HTTP ${statusCode}`
      } catch (error) {
        return signal.aborted ? 'no answer in time' : codeOf(error)
      }
    },
    async [Symbol.asyncDispose]() {
      await agent.destroy()
    },
  }
}

const DAY_MS = 86_400_000

/** A read begins anywhere in the guild's history, or with the latest messages if it has none. */
const beforeOf = ({ ago }: PlannedAttempt, { historyDays }: FixtureGuild): string =>
  historyDays === undefined ? '' : `&before=${firstIdAt(Date.now() - ago * historyDays * DAY_MS)}`

const WORDS =
  'did anybody see what happened in the game last night or was that only in my head again '

const textOf = (length: number): string =>
  WORDS.repeat(Math.ceil(length / WORDS.length))
    .slice(0, length)
    .trim() || 'ok'

function codeOf(error: unknown): string {
  if (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string'
  )
    return error.code
  return messageOf(error)
}
