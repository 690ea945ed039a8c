import type { StoredMessage } from './model.ts'

/**
 * Whether a message that is stored under an id is the send that comes with this id: its retry, or
 * the same call once more. The id alone says nothing: two processes may have made it. A copy may
 * have lost its dedupe key, but never the nonce it came with.
 */
export function isSameSend(
  found: StoredMessage,
  foundDedupe: string | undefined,
  message: StoredMessage,
  dedupe: string | undefined,
): boolean {
  if (found.authorId !== message.authorId || found.channelId !== message.channelId) return false
  if (dedupe === undefined) return found.writeTimeMicros === message.writeTimeMicros
  return foundDedupe === undefined ? found.nonce === message.nonce : foundDedupe === dedupe
}
