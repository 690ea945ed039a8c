import {
  array,
  boolean,
  count,
  id,
  none,
  object,
  oneOf,
  orNull,
  type Schema,
  string,
  text,
  time,
} from './build.ts'
import { member, mentionedUser, partialMember, user } from './people.ts'

/** A Unicode emoji has no id. */
export const emoji = object({ id: orNull(id), name: text }, { animated: boolean })

const reaction = object({
  emoji,
  count: { type: 'integer', minimum: 1 },
  count_details: object({ burst: count, normal: count }),
  burst_colors: array(string),
  me: boolean,
  me_burst: boolean,
})

const embedText = { name: string, value: string, inline: boolean }
const picture = object({}, { url: string, proxy_url: string, width: count, height: count })
const embed = object(
  { type: { const: 'rich' } },
  {
    title: string,
    description: string,
    url: string,
    color: count,
    timestamp: string,
    fields: array(object({ name: string, value: string }, embedText)),
    footer: object({ text: string }, { icon_url: string, proxy_icon_url: string }),
    author: object({ name: string }, { url: string, icon_url: string, proxy_icon_url: string }),
    image: picture,
    thumbnail: picture,
  },
)

const required = {
  id,
  /** 0 plain, 19 reply. */
  type: oneOf(0, 19),
  channel_id: id,
  author: user,
  content: string,
  timestamp: time,
  edited_timestamp: orNull(time),
  tts: boolean,
  mention_everyone: boolean,
  mentions: array(mentionedUser),
  mention_roles: array(id, { uniqueItems: true }),
  attachments: none,
  embeds: array(embed, { maxItems: 10 }),
  components: none,
  pinned: boolean,
  flags: count,
}
const reference = {
  nonce: { type: ['string', 'integer'] },
  message_reference: object(
    { type: { const: 0 }, message_id: id, channel_id: id },
    { guild_id: id },
  ),
}
const reactions = { reactions: array(reaction, { minItems: 1, maxItems: 20 }) }
/** The message that a reply answers, without what that one answered; null where it is gone. */
const replied = { referenced_message: orNull(object(required, { ...reference, ...reactions })) }

export const message = object(required, { ...reference, ...replied, ...reactions })

/**
 * MESSAGE_CREATE and MESSAGE_UPDATE: in a guild they add the guild and the author as a member. They
 * have no reactions: `me` in them would be the author's, and clients would take it for their own.
 */
export const messageEvent = object(required, {
  ...reference,
  ...replied,
  guild_id: id,
  member: partialMember,
  channel_type: oneOf(0, 1, 2, 5),
})
export const messageDeleted = object({ id, channel_id: id }, { guild_id: id })
export const messagesDeleted = object(
  { ids: array(id, { minItems: 1 }), channel_id: id },
  { guild_id: id },
)

const reactionPlace = {
  user_id: id,
  channel_id: id,
  message_id: id,
  emoji,
  burst: boolean,
  type: oneOf(0, 1),
}
export const reactionAdded = object(reactionPlace, {
  guild_id: id,
  member,
  message_author_id: id,
  burst_colors: array(string),
})
export const reactionRemoved = object(reactionPlace, { guild_id: id })
export const reactionsCleared = object({ channel_id: id, message_id: id }, { guild_id: id })
export const emojiCleared = object({ channel_id: id, message_id: id, emoji }, { guild_id: id })

const hit: Schema = object(
  { ...required, hit: { const: true } },
  { ...reference, ...replied, ...reactions },
)

/** GET /guilds/:id/messages/search. */
export const searchResult = object(
  {
    messages: array(array(hit, { minItems: 1 })),
    doing_deep_historical_index: boolean,
    total_results: count,
  },
  { threads: none, members: none, analytics_id: string, documents_indexed: orNull(count) },
)
export const pins = object({ items: none, has_more: { const: false } })
