import { messageOf, type Runtime } from '@threshold/kit'
import type { Notification } from '@threshold/ports'
import { Counter } from 'prom-client'

export interface NotificationsConfig {
  /** Where pushes go, by HTTP POST; undefined: nowhere. */
  readonly url: string | undefined
  /** Tries before a push is given up. */
  readonly attempts: number
  /** Pause before the second try, in ms; doubled each time, up to a minute. */
  readonly backoffMs: number
  /** How often an idle outbox is looked at, in ms. */
  readonly pollMs: number
}

export interface PushClient {
  /**
   * `sent`, `dropped` (the sink refused it for good, 4xx) or `retry` (away, 5xx, 429). Never
   * rejects.
   */
  send(notification: Notification, signal: AbortSignal): Promise<'sent' | 'dropped' | 'retry'>
}

/**
 * The body of a push is the notification with its text cut to what a lock screen shows, in UTF-16
 * code units.
 */
const PREVIEW = 120
/** A phone's title has room for so much of a name. */
const NAME = 20

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

  async function attempt(
    notification: Notification,
    signal: AbortSignal,
  ): Promise<'sent' | 'dropped' | 'retry'> {
    const title = titleOf(notification)
    try {
      const response = await fetch(config.url!, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': notification.id, title },
        body: JSON.stringify({ ...notification, content: preview(notification.content) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      })
      await response.body?.cancel()
      if (response.ok) return 'sent'
      return response.status >= 500 || response.status === 429 || response.status === 408
        ? 'retry'
        : 'dropped'
    } catch (error) {
      runtime.log.debug({ err: messageOf(error) }, 'a push did not reach its sink')
      return 'retry'
    }
  }
}

/** Never in the middle of a surrogate pair: half an emoji is no text. */
function preview(content: string): string {
  if (content.length <= PREVIEW) return content
  const cut = content.slice(0, PREVIEW - 1)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** Push services take the title as a header, and headers are ASCII. */
function titleOf({ author, reason }: Notification): string {
  const name = author.username.slice(0, NAME)
  return encodeURIComponent(reason === 'dm' ? name : `${name} mentioned you`)
}
