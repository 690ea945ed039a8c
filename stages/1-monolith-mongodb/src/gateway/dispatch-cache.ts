import { Intent, intentsAdmit, type UserId } from '@threshold/contract'
import type { EncodedEvent, EventEncoder, HubEvent } from '@threshold/ports'
import { Dispatch } from './dispatch.ts'

/** The properties of a session that decide which form of an event it receives. */
export interface Recipient {
  readonly userId: UserId
  readonly intents: number
}

/**
 * The encoded forms of each event, shared by all sessions that receive it. An event has up to
 * three: one for sessions that may see its content, one for the others, and one for the author of a
 * quoted message. Each is encoded when the first session needs it.
 */
export interface DispatchCache {
  /** The form for this recipient, or undefined if its intents do not include the event. */
  get(event: HubEvent, inGuild: boolean, recipient: Recipient): Dispatch | undefined
}

interface Forms {
  full?: Dispatch
  withoutContent?: Dispatch
  forQuotedAuthor?: Dispatch
}

export function createDispatchCache(encoder: EventEncoder): DispatchCache {
  // All sessions of a guild receive the same event object, so it serves as the key. An entry lives
  // exactly as long as some session still has the event to send.
  const formsByEvent = new WeakMap<HubEvent, Forms>()
  const encode = (type: string, data: object): Dispatch =>
    new Dispatch(encoder, encoder.encode(type, data))
  return {
    get(event, inGuild, recipient) {
      const { userId, intents } = recipient
      if (!intentsAdmit(intents, event.type, inGuild) && !isOwnMemberUpdate(event, userId))
        return undefined
      let forms = formsByEvent.get(event)
      if (!forms) {
        forms = {}
        formsByEvent.set(event, forms)
      }
      if (seesContent(event, inGuild, recipient)) {
        forms.full ??= new Dispatch(encoder, encodeWhole(encoder, event))
        return forms.full
      }
      // A message quotes one author at most, so that this form too is made once.
      if (quotes(event, userId)) {
        forms.forQuotedAuthor ??= encode(event.type, stripContent(event.data))
        return forms.forQuotedAuthor
      }
      forms.withoutContent ??= encode(event.type, stripAllContent(event.data))
      return forms.withoutContent
    },
  }
}

/** An event that came encoded is not decoded for the sessions that receive all of it. */
const encodeWhole = (encoder: EventEncoder, event: HubEvent): EncodedEvent =>
  event.json ? encoder.encodeJson(event.type, event.json) : encoder.encode(event.type, event.data)

/** A session receives changes of its own member without any intent, so that it knows its roles. */
const isOwnMemberUpdate = (event: HubEvent, userId: UserId): boolean =>
  event.type === 'GUILD_MEMBER_UPDATE' &&
  (event.data as { user?: { id?: string } }).user?.id === userId

const hasContent = (type: string): boolean => type === 'MESSAGE_CREATE' || type === 'MESSAGE_UPDATE'

/**
 * The MESSAGE_CONTENT intent is needed to see what others write in guilds. Direct messages, a
 * user's own messages and those that mention the user have their content without it.
 */
function seesContent(event: HubEvent, inGuild: boolean, { userId, intents }: Recipient): boolean {
  if (!hasContent(event.type) || !inGuild || (intents & Intent.MessageContent) !== 0) return true
  return event.authorId === userId || event.mentions?.includes(userId) === true
}

/**
 * Whether the event quotes a message of this user. Its author keeps the quote's content: discord.js
 * and other libraries update their cached message from a quote, and would empty it.
 */
const quotes = ({ type, data }: HubEvent, userId: UserId): boolean =>
  hasContent(type) &&
  (data as { referenced_message?: { author?: { id?: string } } | null }).referenced_message?.author
    ?.id === userId

/** Empties the content of a message. A quoted message keeps its own. */
const stripContent = (data: object): object => ({
  ...data,
  content: '',
  embeds: [],
  attachments: [],
  components: [],
})

/** Empties the content of a message and of the message that it quotes. */
function stripAllContent(data: object): object {
  const { referenced_message } = data as { referenced_message?: object | null }
  const stripped = stripContent(data)
  return referenced_message
    ? { ...stripped, referenced_message: stripAllContent(referenced_message) }
    : stripped
}
