import { type MessageId, refuse } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { DedupeKey } from '@threshold/ports'
import type { CreateMessage } from '../../input/index.ts'
import type { ChannelAccess, Context } from '../context.ts'
import type { ApiRequest, Requester } from '../route.ts'
import type { EventPublisher, FindEvent, MessageChange } from './event-publisher.ts'
import type { MessageChannel } from './message-channel.ts'
import { createDraft, type Draft } from './message-draft.ts'
import { messageCreated } from './message-events.ts'
import { enqueuePush } from './push.ts'
import { renderMessages } from './render-messages.ts'
import { writeSearchEntry } from './search-entry.ts'
import type { SlowMode } from './slow-mode.ts'

const CATEGORY = 4

export interface SendServices {
  readonly publisher: EventPublisher
  readonly slowMode: SlowMode
}

/**
 * Sends a message and resolves with the body of the answer. A resolved send means that the message
 * is durable and was published to the sessions that see the channel, and that its search entry (in
 * a guild) and its push (if it has recipients) are stored.
 *
 * The steps and their order:
 *
 * 1. Build the message: check its content, resolve mentions and the reply, take a new id.
 * 2. Count it for slow mode, or refuse it.
 * 3. Write the search entry and the push. They come before the message, so that a crash cannot
 *    leave an acknowledged message without them. If a later step fails, they name a message that
 *    does not exist, and their readers drop them.
 * 4. Store the message. A repeated nonce finds the message of the first try here.
 * 5. Publish MESSAGE_CREATE.
 *
 * If step 4 fails, the message may or may not be stored, since a timed-out insert may still land.
 * If step 5 fails, the message is stored and may be unpublished. The client gets 503 and may retry.
 * The publish reconciler publishes the message if the store has it, with or without a retry.
 */
export async function sendMessage(
  context: Context,
  { publisher, slowMode }: SendServices,
  request: ApiRequest,
  access: ChannelAccess,
  input: CreateMessage,
): Promise<object> {
  if (access.channel.type === CATEGORY) throw refuse.notTextChannel()
  // 1. Build the message.
  const draft = await createDraft(context, request, access, input)
  const dedupe = dedupeKey(request, access, input)
  // 2. Count it for slow mode.
  const undoSlowMode = await slowMode.admit(request, access, dedupe?.nonce)
  try {
    return await storeAndPublish(context, publisher, request, access, draft, dedupe)
  } catch (error) {
    // The message may not be stored, and then its author must not wait. If it is stored after all,
    // the author may write again too early.
    undoSlowMode()
    throw error
  }
}

/** Steps 3 to 5. They are repeated with a new id if another message has the draft's. */
async function storeAndPublish(
  context: Context,
  publisher: EventPublisher,
  request: ApiRequest,
  access: ChannelAccess,
  draft: Draft,
  dedupe: DedupeKey | undefined,
): Promise<object> {
  const { ports } = context
  const { message: drafted, replied } = draft
  // 3. Write the search entry and the push, at the same time.
  await Promise.all([
    access.kind === 'guild'
      ? writeSearchEntry(context, access, drafted, replied, request.deadline)
      : undefined,
    enqueuePush(context, request, access, drafted),
  ])
  const publish = async (inserted: StoredMessage): Promise<object> => {
    const [body] = await renderMessages(context, request, access, [inserted], { replied })
    // 5. Publish it.
    const event = await messageCreated(context, request, access, inserted, body!)
    await publisher.publish(access, event, request.deadline)
    return body!
  }
  const sent = await publisher.attempt(request, access, [creationOf(drafted.id)], async () => {
    // 4. Store the message.
    const inserted = await ports.messages.insert(drafted, request.deadline, dedupe)
    if (inserted.outcome === 'taken') return 'taken'
    if (inserted.outcome === 'inserted') {
      const body = await publish(inserted.message)
      ports.analytics.record(inserted.message)
      return body
    }
    const { id } = inserted.message
    if (id !== drafted.id) {
      // A retry: the store kept the first try's message, and nothing will ever have the id of this
      // draft. Its push is dropped by the notifier, which finds no message for it. The first try
      // wrote its own search entry and push before it stored the message.
      ports.search.remove([drafted.id], request.deadline).catch(() => {})
    }
    return publisher.attempt(request, access, [creationOf(id)], async () => {
      // The message may have been deleted between the first try and this retry. The retry is then
      // answered as the first try would have been, and publishes nothing.
      const message = await readMessage(context, access, id, request)
      if (message) return publish(message)
      const [body] = await renderMessages(context, request, access, [inserted.message], { replied })
      return body!
    })
  })
  if (sent !== 'taken') return sent
  const renewed = withNewId(context, draft)
  return storeAndPublish(context, publisher, request, access, renewed, dedupe)
}

const creationOf = (id: MessageId): MessageChange => ({
  kind: 'created',
  eventId: id,
  messageId: id,
})

/**
 * A draft with a fresh id, for the rare case that another message has the first one. A process
 * makes ids only in time that it alone has reserved, so this happens only if the reservations were
 * lost or messages with such ids were imported. The send must not fail for it; the request's
 * deadline bounds the tries.
 */
function withNewId({ runtime, tools }: Context, { message, replied }: Draft): Draft {
  runtime.log.error(
    { id: message.id },
    'another message has this id: were time reservations deleted, or messages imported?',
  )
  const id = tools.newId()
  return { message: { ...message, id, writeTimeMicros: runtime.hybrid.next() }, replied }
}

/** Finds the MESSAGE_CREATE of a message that may be stored. */
export const findCreated =
  (context: Context): FindEvent =>
  async (channel, { messageId }, sender) => {
    const message = await readMessage(context, channel, messageId, sender)
    if (!message) return undefined
    const [body] = await renderMessages(context, sender, channel, [message])
    return messageCreated(context, sender, channel, message, body!)
  }

async function readMessage(
  { ports }: Context,
  { channel }: MessageChannel,
  id: MessageId,
  { deadline }: Requester,
): Promise<StoredMessage | undefined> {
  return (await ports.messages.get(channel.id, [id], deadline))[0]
}

/** A send is repeatable only if the client asks for it with `enforce_nonce`, as at Discord. */
function dedupeKey(
  { userId }: ApiRequest,
  { channel }: ChannelAccess,
  input: CreateMessage,
): DedupeKey | undefined {
  if (!input.enforce_nonce || input.nonce == null) return undefined
  return { authorId: userId, channelId: channel.id, nonce: String(input.nonce) }
}
