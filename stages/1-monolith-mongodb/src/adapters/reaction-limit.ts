import { normalizeEmoji, type Reaction } from '@threshold/domain'
import { type Deadline, deadlineExceeded, isExpired, type KeyedRwLock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'

/** Discord's limit of different emoji on one message. */
const MAX_EMOJI = 20

type ReactResult = Awaited<ReturnType<MessageStore['react']>>

/** The store's operations for one reaction. */
export interface ReactionStep {
  /** The emoji that the message has now, as they are stored. */
  emojiOf(): Promise<readonly unknown[]>
  /** Whether the user has reacted with this stored spelling of the emoji. */
  has(stored: string): Promise<boolean>
  insert(): Promise<Exclude<ReactResult, 'full'>>
}

/**
 * Adds a reaction and keeps the limit under concurrency. `lock` is by message.
 *
 * A reaction with an emoji that the message has cannot exceed the limit. Such reactions share the
 * lock, so a popular message stays fast. A reaction with a new emoji takes the lock exclusively
 * while it counts and inserts. Reactions are removed under the shared lock.
 */
export async function reactWithinLimit(
  lock: KeyedRwLock,
  { messageId, emoji }: Reaction,
  { emojiOf, has, insert }: ReactionStep,
  deadline: Deadline,
): Promise<ReactResult> {
  const normalized = normalizeEmoji(emoji)
  const isFull = (stored: readonly unknown[]): boolean => {
    const distinct = new Set(stored.map((each) => normalizeEmoji(String(each))))
    return distinct.size >= MAX_EMOJI && !distinct.has(normalized)
  }
  const insertInTime = () => {
    throwIfExpired(deadline)
    return insert()
  }
  const shared = await lock.shared(messageId, async () => {
    throwIfExpired(deadline)
    const stored = (await emojiOf()).map(String)
    for (const each of stored)
      if (each !== emoji && normalizeEmoji(each) === normalized && (await has(each))) return 'known'
    if (stored.includes(emoji)) return insertInTime()
    return isFull(stored) ? 'full' : undefined
  })
  if (shared) return shared
  return lock.exclusive(messageId, async () => {
    throwIfExpired(deadline)
    return isFull(await emojiOf()) ? 'full' : insertInTime()
  })
}

/** A reaction written after the deadline would have no event: its request has already failed. */
export function throwIfExpired(deadline: Deadline): void {
  if (isExpired(deadline))
    throw deadlineExceeded('a reaction that waited for others on its message')
}
