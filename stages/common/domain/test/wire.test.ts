import { describe, expect, it } from 'vitest'
import {
  channelToWire,
  emojiToWire,
  guildToWire,
  memberToWire,
  messageToWire,
  OFFLINE,
  presenceToWire,
  roleToWire,
  type StoredMessage,
} from '../src/index.ts'
import { aChannel, aGuild, aMember, aRole, aUser, GUILD, OWNER, roleOverwrite } from './fixtures.ts'

const message: StoredMessage = {
  v: 1,
  id: '4194304000',
  channelId: '41',
  authorId: '21',
  content: 'hi',
  writeTimeMicros: 1n,
  type: 0,
}
const users = new Map([aUser('21'), aUser('22')].map((u) => [u.id, u]))

describe('a message on the wire', () => {
  it('has every field that clients read, also for a minimal message', () => {
    expect(messageToWire(message, { users })).toMatchObject({
      id: '4194304000',
      channel_id: '41',
      author: { id: '21', username: 'user21' },
      timestamp: '2015-01-01T00:00:01.000000+00:00',
      edited_timestamp: null,
      tts: false,
      mention_everyone: false,
      mentions: [],
      mention_roles: [],
      attachments: [],
      embeds: [],
      pinned: false,
      type: 0,
    })
    expect(messageToWire(message, { users })).not.toHaveProperty('nonce')
    expect(messageToWire(message, { users })).not.toHaveProperty('reactions')
  })

  it('sets the type of every embed to rich, also of stored ones', () => {
    const embeds = [{ title: 'a' }, { type: 'video', odd: { key: 1 } }]
    expect(messageToWire({ ...message, embeds }, { users })).toMatchObject({
      embeds: [
        { title: 'a', type: 'rich' },
        { odd: { key: 1 }, type: 'rich' },
      ],
    })
  })

  it('is plain JSON without bigints', () => {
    expect(JSON.parse(JSON.stringify(messageToWire(message, { users })))).toEqual(
      messageToWire(message, { users }),
    )
  })

  it('contains mentioned users, and a placeholder for deleted authors', () => {
    const wire = messageToWire({ ...message, authorId: '29', mentions: ['22'] }, { users })
    expect(wire).toMatchObject({
      author: { id: '29', username: 'unknown' },
      mentions: [{ id: '22' }],
    })
  })

  it('contains the message it replies to, null if it is deleted, and nothing if it was not looked up', () => {
    const reply = {
      ...message,
      id: '8388608000',
      type: 19 as const,
      reference: { messageId: message.id, channelId: '41' },
    }
    expect(messageToWire(reply, { users, replied: message })).toMatchObject({
      message_reference: { message_id: message.id },
      referenced_message: { id: message.id },
    })
    expect(messageToWire(reply, { users, replied: null })).toMatchObject({
      referenced_message: null,
    })
    expect(messageToWire(reply, { users })).not.toHaveProperty('referenced_message')
    // A reply to a reply: both references contain the guild.
    const again = {
      ...reply,
      id: '12582912000',
      reference: { messageId: reply.id, channelId: '41' },
    }
    const reference = { message_reference: { guild_id: GUILD } }
    expect(messageToWire(again, { users, guildId: GUILD, replied: reply })).toMatchObject({
      ...reference,
      referenced_message: reference,
    })
  })

  it('counts reactions with Unicode and custom emoji', () => {
    const reactions = [
      { emoji: '👍', count: 2, me: true },
      { emoji: 'blob:99', count: 1, me: false },
    ]
    expect(messageToWire(message, { users, reactions })).toMatchObject({
      reactions: [
        { emoji: { id: null, name: '👍' }, count: 2, me: true },
        { emoji: { id: '99', name: 'blob' }, count: 1, me: false },
      ],
    })
    for (const emoji of ['a:b', ':1', 'a:', 'x y:1', `${'a'.repeat(33)}:1`])
      expect(emojiToWire(emoji)).toEqual({ id: null, name: emoji })
  })
})

describe('a guild on the wire', () => {
  it('lists its roles with permissions as text', () => {
    const state = aGuild({ roles: [aRole('31', 1, '8')] })
    const wire = guildToWire(state.guild, state.roles.values())
    expect(wire).toMatchObject({
      id: GUILD,
      owner_id: OWNER,
      roles: [
        { id: GUILD, name: '@everyone' },
        { id: '31', permissions: '8' },
      ],
    })
    expect(roleToWire(aRole('31', 1, '8'))).toMatchObject({
      position: 1,
      permissions: '8',
      managed: false,
    })
  })

  it('has voice fields only on voice channels, and recipients on direct messages', () => {
    expect(channelToWire(aChannel('41', [roleOverwrite('31', '1', '2')]))).toMatchObject({
      guild_id: GUILD,
      permission_overwrites: [{ id: '31', type: 0, allow: '1', deny: '2' }],
    })
    expect(channelToWire(aChannel('41'))).not.toHaveProperty('bitrate')
    expect(channelToWire(aChannel('41', [], { type: 2, userLimit: 5 }))).toMatchObject({
      bitrate: 64_000,
      user_limit: 5,
    })
    expect(
      channelToWire(aChannel('41', [], { type: 1 }), { recipients: [aUser('22')] }),
    ).toMatchObject({
      type: 1,
      recipients: [{ id: '22' }],
    })
  })

  it('has members and presences in the form that clients read', () => {
    expect(memberToWire(aMember('21', ['31']))).toMatchObject({
      user: { id: '21' },
      roles: ['31'],
      joined_at: '1970-01-01T00:00:00.000000+00:00',
    })
    expect(presenceToWire(GUILD, '21', { status: 'dnd', activities: [] })).toMatchObject({
      user: { id: '21' },
      client_status: { desktop: 'dnd' },
    })
    expect(presenceToWire(GUILD, '21', OFFLINE)).toMatchObject({
      status: 'offline',
      client_status: {},
    })
  })
})
