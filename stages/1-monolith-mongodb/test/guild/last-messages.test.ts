import { aGuild, aMessage, newId, type SmallGuild, soon } from '@threshold/conformance/ports'
import { systemClock, unavailable } from '@threshold/kit'
import type { GuildHub, HubEvent, MessageStore, MetadataStore } from '@threshold/ports'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { memoryGuildHub } from '../../src/adapters/guild-hub.memory.ts'
import { typescriptMemberList } from '../../src/adapters/member-list.typescript.ts'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from '../../src/adapters/metadata-store.mongodb.ts'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { database } from '../adapters/database.ts'

const use = new AsyncDisposableStack()
let metadata: MetadataStore
let messages: MessageStore
beforeAll(async () => {
  const mongo = await database(use)
  metadata = await mongoMetadataStore(mongo)
  messages = await mongoMessageStore(mongo)
}, 120_000)
afterAll(() => use.disposeAsync())

/** A hub as after a restart: it has loaded no guild yet. */
const restarted = (store: Pick<MessageStore, 'newest'> = messages): GuildHub =>
  memoryGuildHub(
    { metadata, messages: store, permissions: typescriptPermissions(), memberList: typescriptMemberList },
    { clock: systemClock },
  )

const lastOf = async (hub: GuildHub, { id, owner, text }: SmallGuild) =>
  (await hub.view(id, owner.user.id, soon()))?.lastMessages.get(text.id)
const sent = (channelId: string, id = newId()): HubEvent => ({ v: 1, id, type: 'MESSAGE_CREATE', data: {}, channelId })

async function asleep(): Promise<SmallGuild> {
  const guild = aGuild(1)
  await metadata.createGuild(guild.state, soon())
  return guild
}

it('is known after a restart, to views and to who asks for access, by one question for all channels', async () => {
  const guild = await asleep()
  const [, second] = [aMessage(guild.text.id), aMessage(guild.text.id)]
  await messages.import([second, aMessage(guild.text.id, { id: (BigInt(second.id) - 1n).toString() })], soon())
  const newest = vi.fn(messages.newest)
  await using hub = restarted({ newest })
  for (let i = 0; i < 3; i++) expect(await lastOf(hub, guild)).toBe(second.id)
  expect(await hub.access(guild.id, guild.owner.user.id, guild.text.id, soon())).toMatchObject({ lastMessageId: second.id })
  expect(newest).toHaveBeenCalledTimes(1)
})

it('follows what is published, and no event but a message, and never goes back', async () => {
  const guild = await asleep()
  await using hub = restarted()
  expect(await lastOf(hub, guild)).toBeUndefined()
  const [older, newer] = [newId(), newId()]
  await hub.publish(guild.id, sent(guild.text.id, newer), soon())
  await hub.publish(guild.id, sent(guild.text.id, older), soon())
  await hub.publish(guild.id, { ...sent(guild.text.id), type: 'TYPING_START' }, soon())
  expect(await lastOf(hub, guild)).toBe(newer)
})

it('is unknown while the store is away, and asked for again by who looks', async () => {
  const guild = await asleep()
  const message = aMessage(guild.text.id)
  await messages.insert(message, soon())
  let away = true
  await using hub = restarted({
    newest: async (...args) => {
      if (away) throw unavailable('the store')
      return messages.newest(...args)
    },
  })
  expect(await lastOf(hub, guild)).toBeUndefined()
  away = false
  await vi.waitFor(async () => expect(await lastOf(hub, guild)).toBe(message.id), 10_000)
})
