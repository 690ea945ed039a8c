import { messageOf, type Runtime } from '@threshold/kit'
import type { Notification } from '@threshold/ports'
import { Counter } from 'prom-client'

export interface NotificationsConfig {
  /** The sink that pushes are posted to. Undefined: no pushes are sent. */
  readonly url: string | undefined
  /** The number of tries before a push is dropped. */
  readonly attempts: number
  /** Milliseconds before the second try. The pause doubles with each try, up to a minute. */
  readonly backoffMs: number
  /** Milliseconds between two polls of an idle outbox. */
  readonly pollMs: number
}

export type PushOutcome = 'sent' | 'dropped' | 'retry'

export interface PushClient {
  /**
   * Posts a push. Never rejects. `dropped`: the sink refused it for good (4xx). `retry`: the sink
   * did not answer within 5 s, or answered 408, 429 or 5xx.
   */
  send(notification: Notification, signal: AbortSignal): Promise<PushOutcome>
}

/**
 * The longest preview, in UTF-16 code units: about what fits on a lock screen.
 */
const MAX_PREVIEW_LENGTH = 120
/** The title of a push has room for this much of a name. */
const MAX_NAME_LENGTH = 20
const TIMEOUT_MS = 5_000

export function createPushClient(
  config: Pick<NotificationsConfig, 'url'>,
  runtime: Runtime,
): PushClient {
  const pushes = new Counter({
    name: 'threshold_pushes_total',
    help: 'Tries to hand a notification to the sink, by outcome.',
    labelNames: ['outcome'],
    registers: [runtime.telemetry.registry],
  })
  return {
    async send(notification, signal) {
      const outcome = await attempt(notification, signal)
      pushes.inc({ outcome })
      return outcome
    },
  }

  async function attempt(notification: Notification, signal: AbortSignal): Promise<PushOutcome> {
    try {
      const title = titleOf(notification)
      const response = await fetch(config.url!, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': notification.id, title },
        body: JSON.stringify({ ...notification, content: preview(notification.content) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await response.body?.cancel()
      if (response.ok) return 'sent'
      return response.status >= 500 || response.status === 429 || response.status === 408
        ? 'retry'
        : 'dropped'
    } catch (error) {
      runtime.log.debug({ err: messageOf(error) }, 'a push did not reach the sink')
      return 'retry'
    }
  }
}

function preview(content: string): string {
  if (content.length <= MAX_PREVIEW_LENGTH) return content
  return `${cut(content, MAX_PREVIEW_LENGTH - 1)}…`
}

/** The sink takes the title from a header, which must be ASCII, and decodes it. */
function titleOf({ author, reason }: Notification): string {
  const name = cut(author.username.toWellFormed(), MAX_NAME_LENGTH)
  return encodeURIComponent(reason === 'dm' ? name : `${name} mentioned you`)
}

/**
 * The first UTF-16 code units of a text, but never half of a surrogate pair: that is not valid text,
 * and `encodeURIComponent` throws on it.
 */
function cut(text: string, length: number): string {
  const start = text.slice(0, length)
  return /[\uD800-\uDBFF]$/.test(start) ? start.slice(0, -1) : start
}
