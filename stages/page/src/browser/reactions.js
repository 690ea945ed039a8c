/** The form of an emoji in a REST path. It also identifies the emoji. */
export const emojiKey = (emoji) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name)

/** Adds (`change` 1) or removes (-1) one reaction. `isOwn`: it is the user's own. */
export function changeReaction(reactions, emoji, change, isOwn) {
  const key = emojiKey(emoji)
  const old = reactions.find((reaction) => emojiKey(reaction.emoji) === key)
  if (!old) return change > 0 ? [...reactions, { emoji, count: 1, me: isOwn }] : reactions
  // The user's own reaction may arrive twice: as the answer to a click, and as an event.
  if (isOwn && old.me === change > 0) return reactions
  const next = { ...old, count: old.count + change, me: isOwn ? change > 0 : old.me }
  return reactions
    .map((reaction) => (reaction === old ? next : reaction))
    .filter((reaction) => reaction.count > 0)
}
