import assert from 'node:assert/strict'
import type { Steps } from '../harness.ts'
import { type Clients, nextEvent } from './clients.ts'
import type { Message } from './dialect.ts'

type WithId = { readonly id: string }

/** Messages and reactions. */
export const messages = ({
  dialect,
  setup,
  ada,
  bob,
  guildOf,
  textOf,
  hasContent,
  sendAndReceive,
}: Clients) =>
  ({
    async send() {
      const { sent, received } = await sendAndReceive(`hello from ${dialect.name}`)
      assert.equal(received.id, sent.id)
      assert.equal(received.author.id, setup.ada.id)
      assert.equal(received.guildID, setup.guildId)
      assert.equal(received.member?.id, setup.ada.id)
      assert.ok(Math.abs(Number(received.timestamp) - Date.now()) < 60_000)
    },

    async reply() {
      const { sent } = await sendAndReceive('a question')
      const event = nextEvent<[Message]>(ada, 'messageCreate', hasContent('an answer'))
      await textOf(bob).createMessage({
        content: 'an answer',
        messageReference: { messageID: sent.id },
        allowedMentions: { repliedUser: true },
      })
      const [reply] = await event
      assert.equal(reply.messageReference?.messageID, sent.id)
      assert.equal(reply.referencedMessage?.content, 'a question')
      assert.ok(dialect.isMentioned(reply, setup.ada.id))
    },

    async edit() {
      const { sent } = await sendAndReceive('before')
      const event = nextEvent<[Message, { content: string } | null]>(
        bob,
        'messageUpdate',
        ({ id }) => id === sent.id,
      )
      assert.equal((await sent.edit({ content: 'after' })).content, 'after')
      const [after, before] = await event
      assert.equal(before?.content, 'before')
      assert.equal(after.content, 'after')
      assert.ok(after.editedTimestamp)
    },

    async react() {
      const { sent, received } = await sendAndReceive('react to this')
      const isSent = ({ id }: WithId) => id === sent.id
      const added = nextEvent<[WithId, ...unknown[]]>(ada, 'messageReactionAdd', isSent)
      await dialect.react(received, '👍')
      const { emoji, userId } = dialect.reactionOf(await added)
      assert.deepEqual([emoji, userId], ['👍', setup.bob.id])
      const reactors = await dialect.reactors(sent, '👍')
      assert.deepEqual(
        reactors.map(({ id }) => id),
        [setup.bob.id],
      )
      assert.equal(dialect.reactionCount(await textOf(ada).getMessage(sent.id), '👍'), 1)
      const removed = nextEvent<[WithId, ...unknown[]]>(ada, 'messageReactionRemove', isSent)
      await dialect.unreact(received, '👍')
      assert.equal(dialect.reactionOf(await removed).userId, setup.bob.id)
    },

    /** Neither library has a collector. This is the listener that their users write. */
    async collect() {
      const collected: string[] = []
      const both = nextEvent<[Message]>(
        ada,
        'messageCreate',
        ({ author, content }) => author.id === setup.bob.id && collected.push(content) === 2,
      )
      await textOf(bob).createMessage({ content: 'first of two' })
      await textOf(bob).createMessage({ content: 'second of two' })
      await both
      assert.deepEqual(collected, ['first of two', 'second of two'])
    },

    async delete() {
      const { sent } = await sendAndReceive('delete this')
      const event = nextEvent<[WithId]>(bob, 'messageDelete', ({ id }) => id === sent.id)
      await sent.delete()
      await event
    },

    async 'bulk-delete'() {
      const ids: string[] = []
      for (const content of ['one', 'two', 'three'])
        ids.push((await sendAndReceive(content)).sent.id)
      const event = nextEvent<[WithId[]]>(bob, 'messageDeleteBulk')
      const deleted = await textOf(ada).deleteMessages([...ids])
      if (deleted !== undefined) assert.equal(deleted, 3)
      assert.deepEqual((await event)[0].map(({ id }) => id).sort(), ids.sort())
    },

    async history() {
      const ids: string[] = []
      for (let i = 0; i < 7; i++)
        ids.push((await textOf(ada).createMessage({ content: `page ${i}` })).id)
      const page = async (options: object): Promise<string[]> =>
        (await textOf(bob).getMessages(options)).map(({ id }) => id)
      assert.deepEqual(await page({ limit: 3 }), ids.slice(4).reverse())
      assert.deepEqual(await page({ limit: 3, before: ids[4] }), ids.slice(1, 4).reverse())
      assert.deepEqual(await page({ limit: 3, after: ids[0] }), ids.slice(1, 4).reverse())
      assert.deepEqual(await page({ limit: 3, around: ids[3] }), ids.slice(2, 5).reverse())
      assert.equal((await textOf(bob).getMessage(ids[0]!)).content, 'page 0')
    },

    async typing() {
      const event = nextEvent<[WithId, WithId]>(
        bob,
        'typingStart',
        (_channel, user) => user.id === setup.ada.id,
      )
      await textOf(ada).sendTyping()
      assert.equal((await event)[0].id, setup.textId)
    },

    async dm() {
      const event = nextEvent<[Message]>(bob, 'messageCreate', hasContent('between us'))
      await dialect.sendDirect(ada, setup.bob.id, 'between us')
      const [message] = await event
      assert.ok(message.guildID == null)
      const answer = nextEvent<[Message]>(ada, 'messageCreate', hasContent('indeed'))
      await dialect.replyDirect(bob, message, 'indeed')
      assert.equal(dialect.channelOf((await answer)[0]), dialect.channelOf(message))
    },

    async search() {
      const { sent } = await sendAndReceive(`a needle in ${dialect.name}`)
      assert.equal(await dialect.search(ada, guildOf(ada), 'needle'), sent.id)
    },

    async error() {
      await assert.rejects(textOf(ada).createMessage({ content: 'x'.repeat(2_001) }), (error) => {
        assert.ok(dialect.isRefusal(error, 400, 50035))
        assert.match((error as Error).message, /content/)
        return true
      })
      await assert.rejects(textOf(ada).getMessage(setup.guildId), (error) =>
        dialect.isRefusal(error, 404, 10008),
      )
    },
  }) satisfies Partial<Steps>
