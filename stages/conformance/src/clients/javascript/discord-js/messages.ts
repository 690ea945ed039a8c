import assert from 'node:assert/strict'
import { DiscordAPIError, Events, type Message } from 'discord.js'
import type { Steps } from '../harness.ts'
import { type Clients, nextEvent } from './clients.ts'

/** Messages and reactions. */
export const messages = ({ setup, ada, bob, textOf, hasContent, sendAndReceive }: Clients) =>
  ({
    async send() {
      const { sent, received } = await sendAndReceive('hello from discord.js')
      assert.equal(received.id, sent.id)
      assert.equal(received.author.id, setup.ada.id)
      assert.equal(received.guildId, setup.guildId)
      assert.equal(received.member?.id, setup.ada.id)
      assert.ok(Math.abs(received.createdTimestamp - Date.now()) < 60_000)
    },

    async reply() {
      const { sent, received } = await sendAndReceive('a question')
      const event = nextEvent(ada, Events.MessageCreate, hasContent('an answer'))
      await received.reply('an answer')
      const [reply] = await event
      assert.equal(reply.reference?.messageId, sent.id)
      assert.equal(reply.mentions.repliedUser?.id, setup.ada.id)
      assert.equal((await reply.fetchReference()).content, 'a question')
    },

    async edit() {
      const { sent } = await sendAndReceive('before')
      const event = nextEvent(bob, Events.MessageUpdate, (_, now) => now.id === sent.id)
      assert.equal((await sent.edit('after')).content, 'after')
      const [was, now] = await event
      assert.equal(was.content, 'before')
      assert.equal(now.content, 'after')
      assert.ok(now.editedTimestamp)
    },

    async react() {
      const { sent, received } = await sendAndReceive('react to this')
      const added = nextEvent(
        ada,
        Events.MessageReactionAdd,
        (reaction) => reaction.message.id === sent.id,
      )
      await received.react('👍')
      const [reaction, user] = await added
      assert.equal(user.id, setup.bob.id)
      assert.equal(reaction.emoji.name, '👍')
      assert.deepEqual([...(await reaction.users.fetch()).keys()], [setup.bob.id])
      assert.equal((await sent.fetch(true)).reactions.cache.get('👍')?.count, 1)
      const removed = nextEvent(
        ada,
        Events.MessageReactionRemove,
        (deleted) => deleted.message.id === sent.id,
      )
      await received.reactions.cache.get('👍')?.users.remove(setup.bob.id)
      assert.equal((await removed)[1].id, setup.bob.id)
    },

    async collect() {
      const collected = textOf(ada).awaitMessages({
        filter: (m) => m.author.id === setup.bob.id,
        max: 2,
        time: setup.stepTimeoutMs,
      })
      await textOf(bob).send('first of two')
      await textOf(bob).send('second of two')
      assert.deepEqual(
        (await collected).map((m) => m.content),
        ['first of two', 'second of two'],
      )
    },

    async delete() {
      const { sent } = await sendAndReceive('delete this')
      const event = nextEvent(bob, Events.MessageDelete, (message) => message.id === sent.id)
      await sent.delete()
      await event
    },

    async 'bulk-delete'() {
      const toDelete: Message[] = []
      for (const content of ['one', 'two', 'three'])
        toDelete.push((await sendAndReceive(content)).sent)
      const event = nextEvent(bob, Events.MessageBulkDelete)
      assert.equal((await textOf(ada).bulkDelete(toDelete)).size, 3)
      assert.deepEqual([...(await event)[0].keys()].sort(), toDelete.map((m) => m.id).sort())
    },

    async history() {
      const ids: string[] = []
      for (let i = 0; i < 7; i++) ids.push((await textOf(ada).send(`page ${i}`)).id)
      const page = async (options: object): Promise<string[]> => [
        ...(await textOf(bob).messages.fetch({ cache: false, ...options })).keys(),
      ]
      assert.deepEqual(await page({ limit: 3 }), ids.slice(4).reverse())
      assert.deepEqual(await page({ limit: 3, before: ids[4] }), ids.slice(1, 4).reverse())
      assert.deepEqual(await page({ limit: 3, after: ids[0] }), ids.slice(1, 4).reverse())
      assert.deepEqual(await page({ limit: 3, around: ids[3] }), ids.slice(2, 5).reverse())
      assert.equal((await textOf(bob).messages.fetch(ids[0]!)).content, 'page 0')
    },

    async typing() {
      const event = nextEvent(bob, Events.TypingStart, (typing) => typing.user.id === setup.ada.id)
      await textOf(ada).sendTyping()
      assert.equal((await event)[0].channel.id, setup.textId)
    },

    async dm() {
      const event = nextEvent(bob, Events.MessageCreate, hasContent('between us'))
      await (await ada.users.fetch(setup.bob.id)).send('between us')
      const [message] = await event
      assert.equal(message.guildId, null)
      const answer = nextEvent(ada, Events.MessageCreate, hasContent('indeed'))
      await message.reply('indeed')
      assert.equal((await answer)[0].channelId, message.channelId)
    },

    async search() {
      const { sent } = await sendAndReceive('a needle in discord.js')
      // discord.js has no method for searching. This is its REST client, with its queue and errors.
      const found = await ada.rest.get(`/guilds/${setup.guildId}/messages/search`, {
        query: new URLSearchParams({ content: 'needle' }),
      })
      assert.equal((found as { messages: { id: string }[][] }).messages[0]?.[0]?.id, sent.id)
    },

    async error() {
      await assert.rejects(textOf(ada).send('x'.repeat(2_001)), (error) => {
        assert.ok(error instanceof DiscordAPIError)
        assert.equal(error.code, 50035)
        assert.match(error.message, /BASE_TYPE_MAX_LENGTH/)
        return true
      })
      const unknown = textOf(ada).messages.fetch(setup.guildId)
      await assert.rejects(
        unknown,
        (error) => error instanceof DiscordAPIError && error.code === 10008 && error.status === 404,
      )
    },
  }) satisfies Partial<Steps>
