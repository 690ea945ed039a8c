import assert from 'node:assert/strict'
import { DiscordRESTError, type Message } from 'oceanic.js'
import type { Steps } from '../play.ts'
import { type Cast, heard } from './cast.ts'

/** What is said, and what becomes of it. */
export const messages = ({ world, ada, bob, guildOf, textOf, says, sent }: Cast) =>
  ({
    async send() {
      const { mine, theirs } = await sent('hello from oceanic.js')
      assert.equal(theirs.id, mine.id)
      assert.equal(theirs.author.id, world.ada.id)
      assert.equal(theirs.guildID, world.guildId)
      assert.equal(theirs.member?.id, world.ada.id)
      assert.ok(Math.abs(theirs.timestamp.getTime() - Date.now()) < 60_000)
    },

    async reply() {
      const { mine, theirs } = await sent('a question')
      const got = heard(ada, 'messageCreate', says('an answer'))
      await theirs.reply({ content: 'an answer', allowedMentions: { repliedUser: true } })
      const [reply] = await got
      assert.equal(reply.messageReference?.messageID, mine.id)
      assert.equal(reply.referencedMessage?.content, 'a question')
      assert.ok(reply.mentions.users.some((user) => user.id === world.ada.id))
    },

    async edit() {
      const { mine } = await sent('before')
      const got = heard(bob, 'messageUpdate', (message) => message.id === mine.id)
      assert.equal((await mine.edit({ content: 'after' })).content, 'after')
      const [now, was] = await got
      assert.equal(was?.content, 'before')
      assert.equal(now.content, 'after')
      assert.ok(now.editedTimestamp)
    },

    async react() {
      const { mine, theirs } = await sent('react to this')
      const added = heard(ada, 'messageReactionAdd', (message) => message.id === mine.id)
      await theirs.createReaction('👍')
      const [, reactor, reaction] = await added
      assert.equal(reactor.id, world.bob.id)
      assert.equal(reaction.emoji.name, '👍')
      assert.deepEqual(
        (await mine.getReactions('👍')).map((user) => user.id),
        [world.bob.id],
      )
      assert.equal((await textOf(ada).getMessage(mine.id)).reactions[0]?.count, 1)
      const removed = heard(ada, 'messageReactionRemove', (message) => message.id === mine.id)
      await theirs.deleteReaction('👍')
      assert.equal((await removed)[1].id, world.bob.id)
    },

    /** oceanic.js has no collector: this is the listener that its users write. */
    async collect() {
      const collected: string[] = []
      const done = heard(
        ada,
        'messageCreate',
        (m) => m.author.id === world.bob.id && collected.push(m.content) === 2,
      )
      await textOf(bob).createMessage({ content: 'first of two' })
      await textOf(bob).createMessage({ content: 'second of two' })
      await done
      assert.deepEqual(collected, ['first of two', 'second of two'])
    },

    async delete() {
      const { mine } = await sent('delete this')
      const got = heard(bob, 'messageDelete', (message) => message.id === mine.id)
      await mine.delete()
      await got
    },

    async 'bulk-delete'() {
      const doomed: Message[] = []
      for (const content of ['one', 'two', 'three']) doomed.push((await sent(content)).mine)
      const ids = doomed.map((m) => m.id)
      const got = heard(bob, 'messageDeleteBulk')
      assert.equal(await textOf(ada).deleteMessages(ids), 3)
      assert.deepEqual((await got)[0].map((m) => m.id).sort(), ids.sort())
    },

    async history() {
      const ids: string[] = []
      for (let i = 0; i < 7; i++)
        ids.push((await textOf(ada).createMessage({ content: `page ${i}` })).id)
      const page = async (options: object): Promise<string[]> =>
        (await textOf(bob).getMessages(options)).map((m) => m.id)
      assert.deepEqual(await page({ limit: 3 }), ids.slice(4).reverse())
      assert.deepEqual(await page({ limit: 3, before: ids[4] }), ids.slice(1, 4).reverse())
      assert.deepEqual(await page({ limit: 3, after: ids[0] }), ids.slice(1, 4).reverse())
      assert.deepEqual(await page({ limit: 3, around: ids[3] }), ids.slice(2, 5).reverse())
      assert.equal((await textOf(bob).getMessage(ids[0]!)).content, 'page 0')
    },

    async typing() {
      const got = heard(bob, 'typingStart', (...[, user]) => user.id === world.ada.id)
      await textOf(ada).sendTyping()
      assert.equal((await got)[0].id, world.textId)
    },

    async dm() {
      const got = heard(bob, 'messageCreate', says('between us'))
      await (await ada.users.get(world.bob.id)!.createDM()).createMessage({ content: 'between us' })
      const [message] = await got
      assert.equal(message.guildID, null)
      const back = heard(ada, 'messageCreate', says('indeed'))
      await message.reply({ content: 'indeed' })
      assert.equal((await back)[0].channelID, message.channelID)
    },

    async search() {
      const { mine } = await sent('a needle in oceanic.js')
      const found = await guildOf(ada).searchMessages({
        content: 'needle',
        authorIDs: [world.ada.id],
        channelIDs: [world.textId],
      })
      assert.equal(found.totalResults, 1)
      assert.equal(found.messages[0]?.[0]?.id, mine.id)
    },

    async error() {
      await assert.rejects(textOf(ada).createMessage({ content: 'x'.repeat(2_001) }), (error) => {
        assert.ok(error instanceof DiscordRESTError)
        assert.equal(error.code, 50035)
        assert.match(error.message, /content/)
        return true
      })
      const unknown = textOf(ada).getMessage(world.guildId)
      await assert.rejects(
        unknown,
        (error) =>
          error instanceof DiscordRESTError && error.code === 10008 && error.status === 404,
      )
    },
  }) satisfies Partial<Steps>
