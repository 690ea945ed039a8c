import { messageToWire, type StoredMessage } from '@threshold/domain'
import type { Context } from '../context.ts'
import type { Requester } from '../route.ts'

export interface RenderOptions {
  /** Adds reaction counts, as the requester sees them. */
  readonly reactions?: boolean
  /** The message that is replied to, where the caller has read it already. */
  readonly replied?: StoredMessage | undefined
}

/**
 * Messages of one channel as REST answers them. Authors, mentioned users, reactions and replied
 * messages are read for all messages together: three reads for a page, and not three a message.
 */
export async function renderMessages(
  context: Context,
  requester: Requester,
  { guildId }: { readonly guildId?: string | undefined },
  messages: readonly StoredMessage[],
  { reactions: withReactions = false, replied }: RenderOptions = {},
): Promise<object[]> {
  if (messages.length === 0) return []
  const { ports } = context
  const { channelId } = messages[0]!
  const known = new Map([...(replied ? [replied] : []), ...messages].map((m) => [m.id, m]))
  const missing = new Set(
    messages.flatMap(({ reference }) =>
      reference && !known.has(reference.messageId) ? [reference.messageId] : [],
    ),
  )
  const [fetched, reactions] = await Promise.all([
    missing.size > 0 ? ports.messages.get(channelId, [...missing], requester.deadline) : [],
    withReactions
      ? ports.messages.reactions(channelId, [...known.keys()], requester.userId, requester.deadline)
      : new Map(),
  ])
  // Users come last, since replied messages name further authors.
  for (const message of fetched) known.set(message.id, message)
  const users = await context.users(
    [...known.values()].flatMap((m) => [m.authorId, ...(m.mentions ?? [])]),
    requester.deadline,
  )
  return messages.map((m) =>
    messageToWire(m, {
      users,
      guildId,
      reactions: reactions.get(m.id),
      // `null` tells the client that the message it replies to was deleted.
      ...(m.reference ? { replied: known.get(m.reference.messageId) ?? null } : {}),
    }),
  )
}
