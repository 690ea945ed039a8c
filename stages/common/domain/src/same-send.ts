import type { StoredMessage } from './model.ts'

/**
 * Whether a stored message and a send with the same id are the same send, so that the send is a
 * retry. The id alone does not prove that, because two processes may have made it. The stored copy
 * may have lost its dedupe key, but it always has its nonce.
 */
export function isSameSend(
  stored: StoredMessage,
  storedDedupe: string | undefined,
  message: StoredMessage,
  dedupe: string | undefined,
): boolean {
  if (stored.authorId !== message.authorId || stored.channelId !== message.channelId) return false
  if (dedupe === undefined) return stored.writeTimeMicros === message.writeTimeMicros
  return storedDedupe === undefined ? stored.nonce === message.nonce : storedDedupe === dedupe
}
