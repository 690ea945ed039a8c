import type { Channel, GuildState, Member, Overwrite } from '../model.ts'

/**
 * The state without references to roles and channels that it does not contain. A store writes a
 * deletion and its side effects one after the other. If the process dies in between, some effects
 * are missing, and a repeated deletion finds nothing to delete.
 */
export function withoutDanglingReferences(state: GuildState): GuildState {
  const { guild, roles } = state
  const existing = (id: string | null): string | null =>
    id !== null && state.channels.has(id) ? id : null
  const exists = (o: Overwrite): boolean => o.type !== 0 || roles.has(o.id)
  const channels = mapValues(state.channels, (channel: Channel) => {
    const parentId = existing(channel.parentId)
    if (parentId === channel.parentId && channel.overwrites.every(exists)) return channel
    return { ...channel, parentId, overwrites: channel.overwrites.filter(exists) }
  })
  const members = mapValues(state.members, (member: Member) =>
    member.roles.every((id) => roles.has(id))
      ? member
      : { ...member, roles: member.roles.filter((id) => roles.has(id)) },
  )
  const [systemChannelId, afkChannelId] = [
    existing(guild.systemChannelId),
    existing(guild.afkChannelId),
  ]
  return { guild: { ...guild, systemChannelId, afkChannelId }, roles, channels, members }
}

const mapValues = <K, V>(map: ReadonlyMap<K, V>, next: (value: V) => V): ReadonlyMap<K, V> =>
  new Map([...map].map(([key, value]) => [key, next(value)]))
