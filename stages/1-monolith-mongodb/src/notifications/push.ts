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
 * UTF-16 code units of the text that a push shows, which is about what a lock screen has room for.
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
    help: 'Notifications handed to the sink, by outcome.',
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
    const title = titleOf(notification)
    try {
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

/** Cuts the text, but never inside a surrogate pair: half an emoji is not valid text. */
function preview(content: string): string {
  if (content.length <= MAX_PREVIEW_LENGTH) return content
  const cut = content.slice(0, MAX_PREVIEW_LENGTH - 1)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** Push services take the title from a header, which must be ASCII. */
function titleOf({ author, reason }: Notification): string {
  const name = author.username.slice(0, MAX_NAME_LENGTH)
  return encodeURIComponent(reason === 'dm' ? name : `${name} mentioned you`)
}
