import { normalizeEmoji, type Reaction } from '@threshold/domain'
import { type Deadline, deadlineExceeded, isExpired, type KeyedRwLock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'

/** Different emoji on one message, as Discord has it. */
const MOST_EMOJI = 20

type Outcome = Awaited<ReturnType<MessageStore['react']>>

export interface ReactionStep {
  /** The emoji that the message has now. */
  emojiOf(): Promise<readonly unknown[]>
  /** Whether the user has reacted with this stored spelling of the emoji. */
  has(stored: string): Promise<boolean>
  insert(): Promise<Exclude<Outcome, 'full'>>
}

/**
 * Adds a reaction and keeps the limit, however many come at once. One with an emoji that the
 * message has cannot pass the limit, so those run together and a popular message stays quick. One
 * with a new emoji is alone on its message while it counts and adds. `lock` is by message, and
 * reactions are taken back under its shared side.
 */
export async function reactWithinLimit(
  lock: KeyedRwLock,
  { messageId, emoji }: Reaction,
  { emojiOf, has, insert }: ReactionStep,
  deadline: Deadline,
): Promise<Outcome> {
  const form = normalizeEmoji(emoji)
  const isFull = (there: readonly unknown[]): boolean => {
    const forms = new Set(there.map((stored) => normalizeEmoji(String(stored))))
    return forms.size >= MOST_EMOJI && !forms.has(form)
  }
  const insertInTime = () => {
    throwIfExpired(deadline)
    return insert()
  }
  const joined = await lock.shared(messageId, async () => {
    throwIfExpired(deadline)
    const there = await emojiOf()
    for (const stored of there.map(String)) {
      if (stored !== emoji && normalizeEmoji(stored) === form && (await has(stored))) return 'known'
    }
    if (there.includes(emoji)) return insertInTime()
    return isFull(there) ? 'full' : undefined
  })
  if (joined) return joined
  return lock.exclusive(messageId, async () => {
    throwIfExpired(deadline)
    return isFull(await emojiOf()) ? 'full' : insertInTime()
  })
}

/**
 * A write after the deadline would have no event: its request was already answered with an error.
 */
export function throwIfExpired(deadline: Deadline): void {
  if (isExpired(deadline))
    throw deadlineExceeded('a reaction that waited for others on its message')
}
