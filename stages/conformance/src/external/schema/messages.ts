import {
  array,
  boolean,
  emptyArray,
  id,
  nonEmptyString,
  object,
  oneOf,
  orNull,
  type Schema,
  string,
  timestamp,
  uint,
} from './build.ts'
import { member, mentionedUser, partialMember, user } from './users.ts'

/** A Unicode emoji has no id. */
export const emoji = object({ id: orNull(id), name: nonEmptyString }, { animated: boolean })

const reaction = object({
  emoji,
  count: { type: 'integer', minimum: 1 },
  count_details: object({ burst: uint, normal: uint }),
  burst_colors: array(string),
  me: boolean,
  me_burst: boolean,
})

const embedText = { name: string, value: string, inline: boolean }
const picture = object({}, { url: string, proxy_url: string, width: uint, height: uint })
const embed = object(
  { type: { const: 'rich' } },
  {
    title: string,
    description: string,
    url: string,
    color: uint,
    timestamp: string,
    fields: array(object({ name: string, value: string }, embedText)),
    footer: object({ text: string }, { icon_url: string, proxy_icon_url: string }),
    author: object({ name: string }, { url: string, icon_url: string, proxy_icon_url: string }),
    image: picture,
    thumbnail: picture,
  },
)

const messageRequired = {
  id,
  /** 0 is a plain message, 19 a reply. */
  type: oneOf(0, 19),
  channel_id: id,
  author: user,
  content: string,
  timestamp: timestamp,
  edited_timestamp: orNull(timestamp),
  tts: boolean,
  mention_everyone: boolean,
  mentions: array(mentionedUser),
  mention_roles: array(id, { uniqueItems: true }),
  attachments: emptyArray,
  embeds: array(embed, { maxItems: 10 }),
  components: emptyArray,
  pinned: boolean,
  flags: uint,
}
const reference = {
  nonce: { type: ['string', 'integer'] },
  message_reference: object(
    { type: { const: 0 }, message_id: id, channel_id: id },
    { guild_id: id },
  ),
}
const reactions = { reactions: array(reaction, { minItems: 1, maxItems: 20 }) }
/** The message that a reply answers, without its own reference; null if it was deleted. */
const repliedMessage = {
  referenced_message: orNull(object(messageRequired, { ...reference, ...reactions })),
}

export const message = object(messageRequired, { ...reference, ...repliedMessage, ...reactions })

/**
 * MESSAGE_CREATE and MESSAGE_UPDATE. They add the guild and the author as a member if the channel
 * is in a guild. They have no reactions: `me` would be the author's, and clients would take it for
 * their own.
 */
export const messageEvent = object(messageRequired, {
  ...reference,
  ...repliedMessage,
  guild_id: id,
  member: partialMember,
  channel_type: oneOf(0, 1, 2, 5),
})
export const messageDeleted = object({ id, channel_id: id }, { guild_id: id })
export const messagesDeleted = object(
  { ids: array(id, { minItems: 1 }), channel_id: id },
  { guild_id: id },
)

const reactionRequired = {
  user_id: id,
  channel_id: id,
  message_id: id,
  emoji,
  burst: boolean,
  type: oneOf(0, 1),
}
export const reactionAdded = object(reactionRequired, {
  guild_id: id,
  member,
  message_author_id: id,
  burst_colors: array(string),
})
export const reactionRemoved = object(reactionRequired, { guild_id: id })
export const reactionsCleared = object({ channel_id: id, message_id: id }, { guild_id: id })
export const emojiCleared = object({ channel_id: id, message_id: id, emoji }, { guild_id: id })

const hit: Schema = object(
  { ...messageRequired, hit: { const: true } },
  { ...reference, ...repliedMessage, ...reactions },
)

/** GET /guilds/:id/messages/search. */
export const searchResult = object(
  {
    messages: array(array(hit, { minItems: 1 })),
    doing_deep_historical_index: boolean,
    total_results: uint,
  },
  {
    threads: emptyArray,
    members: emptyArray,
    analytics_id: string,
    documents_indexed: orNull(uint),
  },
)
export const pins = object({ items: emptyArray, has_more: { const: false } })
