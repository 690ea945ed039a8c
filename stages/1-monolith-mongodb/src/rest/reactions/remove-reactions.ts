import type { UserId } from '@threshold/contract'
import { deadlineAfter } from '@threshold/kit'
import type { Context } from '../context.ts'
import type { Requester } from '../route.ts'
import { publishReactionRemoved } from './reaction-events.ts'
import { otherSpellings, type ReactionTarget, writeTimeAfter } from './reaction-target.ts'

interface UserReaction {
  readonly emoji: string
  readonly userId: UserId
}

const BATCH_SIZE = 100
/** Time to publish the removed reactions after a failure; the request's own may be over. */
const PUBLISH_TIMEOUT_MS = 2_000

/** Removes a reaction under any spelling of its emoji. Resolves with whether there was one. */
export async function removeReaction(
  context: Context,
  request: Requester,
  target: ReactionTarget,
  { emoji, userId }: UserReaction,
): Promise<boolean> {
  if (await removeSpelling(context, request, target, { emoji, userId })) return true
  for (const stored of await otherSpellings(context, request, target, emoji))
    if (await removeSpelling(context, request, target, { emoji: stored, userId })) return true
  return false
}

/** Removes all reactions with one emoji. The caller publishes a single event for them. */
export const removeEmoji = (
  context: Context,
  request: Requester,
  target: ReactionTarget,
  emoji: string,
): Promise<void> =>
  removeAll(context, request, target, async () => {
    const batch = await firstReactions(context, request, target, emoji)
    if (batch.length > 0) return batch
    const [stored] = await otherSpellings(context, request, target, emoji)
    return stored === undefined ? [] : await firstReactions(context, request, target, stored)
  })

/** Removes all reactions of a message. The caller publishes a single event for them. */
export const removeAllReactions = (
  context: Context,
  request: Requester,
  target: ReactionTarget,
): Promise<void> =>
  removeAll(context, request, target, async () => {
    const { id, channelId } = target.message
    const { userId, deadline } = request
    const counts = await context.ports.messages.reactions(channelId, [id], userId, deadline)
    const [first] = counts.get(id) ?? []
    return first ? await firstReactions(context, request, target, first.emoji) : []
  })

/**
 * Removes batch after batch until there are no more. If it fails half-way, it publishes each
 * removed reaction, since the caller's event will not come.
 */
async function removeAll(
  context: Context,
  request: Requester,
  target: ReactionTarget,
  nextBatch: () => Promise<UserReaction[]>,
): Promise<void> {
  const removed: UserReaction[] = []
  try {
    for (let batch = await nextBatch(); batch.length > 0; batch = await nextBatch())
      for (const reaction of batch)
        if (await removeSpelling(context, request, target, reaction)) removed.push(reaction)
  } catch (error) {
    const deadline = deadlineAfter(PUBLISH_TIMEOUT_MS, context.runtime.clock)
    await Promise.allSettled(
      removed.map((reaction) => publishReactionRemoved(context, target, reaction, deadline)),
    )
    throw error
  }
}

async function removeSpelling(
  context: Context,
  { deadline }: Requester,
  { message }: ReactionTarget,
  { emoji, userId }: UserReaction,
): Promise<boolean> {
  const { id: messageId, channelId } = message
  const writeTimeMicros = writeTimeAfter(context, message)
  const reaction = { v: 1, channelId, messageId, emoji, userId, writeTimeMicros } as const
  return (await context.ports.messages.unreact(reaction, deadline)) === 'removed'
}

async function firstReactions(
  { ports }: Context,
  { deadline }: Requester,
  { message: { id, channelId } }: ReactionTarget,
  emoji: string,
): Promise<UserReaction[]> {
  const page = { limit: BATCH_SIZE }
  const users = await ports.messages.reactors(channelId, id, emoji, page, deadline)
  return users.map((userId) => ({ emoji, userId }))
}
