import assert from 'node:assert/strict'
import { DiscordAPIError, Events, type Message } from 'discord.js'
import type { Steps } from '../play.ts'
import { type Cast, heard } from './cast.ts'

/** What is said, and what becomes of it. */
export const messages = ({ world, ada, bob, textOf, says, sent }: Cast) =>
  ({
    async send() {
      const { mine, theirs } = await sent('hello from discord.js')
      assert.equal(theirs.id, mine.id)
      assert.equal(theirs.author.id, world.ada.id)
      assert.equal(theirs.guildId, world.guildId)
      assert.equal(theirs.member?.id, world.ada.id)
      assert.ok(Math.abs(theirs.createdTimestamp - Date.now()) < 60_000)
    },

    async reply() {
      const { mine, theirs } = await sent('a question')
      const got = heard(ada, Events.MessageCreate, says('an answer'))
      await theirs.reply('an answer')
      const [reply] = await got
      assert.equal(reply.reference?.messageId, mine.id)
      assert.equal(reply.mentions.repliedUser?.id, world.ada.id)
      assert.equal((await reply.fetchReference()).content, 'a question')
    },

    async edit() {
      const { mine } = await sent('before')
      const got = heard(bob, Events.MessageUpdate, (_, now) => now.id === mine.id)
      assert.equal((await mine.edit('after')).content, 'after')
      const [was, now] = await got
      assert.equal(was.content, 'before')
      assert.equal(now.content, 'after')
      assert.ok(now.editedTimestamp)
    },

    async react() {
      const { mine, theirs } = await sent('react to this')
      const added = heard(
        ada,
        Events.MessageReactionAdd,
        (reaction) => reaction.message.id === mine.id,
      )
      await theirs.react('👍')
      const [reaction, user] = await added
      assert.equal(user.id, world.bob.id)
      assert.equal(reaction.emoji.name, '👍')
      assert.deepEqual([...(await reaction.users.fetch()).keys()], [world.bob.id])
      assert.equal((await mine.fetch(true)).reactions.cache.get('👍')?.count, 1)
      const removed = heard(
        ada,
        Events.MessageReactionRemove,
        (gone) => gone.message.id === mine.id,
      )
      await theirs.reactions.cache.get('👍')?.users.remove(world.bob.id)
      assert.equal((await removed)[1].id, world.bob.id)
    },

    async collect() {
      const collected = textOf(ada).awaitMessages({
        filter: (m) => m.author.id === world.bob.id,
        max: 2,
        time: world.patience,
      })
      await textOf(bob).send('first of two')
      await textOf(bob).send('second of two')
      assert.deepEqual(
        (await collected).map((m) => m.content),
        ['first of two', 'second of two'],
      )
    },

    async delete() {
      const { mine } = await sent('delete this')
      const got = heard(bob, Events.MessageDelete, (message) => message.id === mine.id)
      await mine.delete()
      await got
    },

    async 'bulk-delete'() {
      const doomed: Message[] = []
      for (const content of ['one', 'two', 'three']) doomed.push((await sent(content)).mine)
      const got = heard(bob, Events.MessageBulkDelete)
      assert.equal((await textOf(ada).bulkDelete(doomed)).size, 3)
      assert.deepEqual([...(await got)[0].keys()].sort(), doomed.map((m) => m.id).sort())
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
      const got = heard(bob, Events.TypingStart, (typing) => typing.user.id === world.ada.id)
      await textOf(ada).sendTyping()
      assert.equal((await got)[0].channel.id, world.textId)
    },

    async dm() {
      const got = heard(bob, Events.MessageCreate, says('between us'))
      await (await ada.users.fetch(world.bob.id)).send('between us')
      const [message] = await got
      assert.equal(message.guildId, null)
      const back = heard(ada, Events.MessageCreate, says('indeed'))
      await message.reply('indeed')
      assert.equal((await back)[0].channelId, message.channelId)
    },

    async search() {
      const { mine } = await sent('a needle in discord.js')
      // discord.js has no method for it; this is its own REST client, with its queue and its
      // errors.
      const found = await ada.rest.get(`/guilds/${world.guildId}/messages/search`, {
        query: new URLSearchParams({ content: 'needle' }),
      })
      assert.equal((found as { messages: { id: string }[][] }).messages[0]?.[0]?.id, mine.id)
    },

    async error() {
      await assert.rejects(textOf(ada).send('x'.repeat(2_001)), (error) => {
        assert.ok(error instanceof DiscordAPIError)
        assert.equal(error.code, 50035)
        assert.match(error.message, /BASE_TYPE_MAX_LENGTH/)
        return true
      })
      const unknown = textOf(ada).messages.fetch(world.guildId)
      await assert.rejects(
        unknown,
        (error) => error instanceof DiscordAPIError && error.code === 10008 && error.status === 404,
      )
    },
  }) satisfies Partial<Steps>
