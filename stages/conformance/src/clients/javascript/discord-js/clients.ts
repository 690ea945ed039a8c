import assert from 'node:assert/strict'
import {
  Client,
  type ClientEvents,
  Events,
  type Guild,
  IntentsBitField,
  type Message,
  Partials,
  type TextChannel,
} from 'discord.js'
import { eventWaiter, type Harness, waitUntil } from '../harness.ts'

export const nextEvent = eventWaiter<ClientEvents>()

/** The address of the API is an option. discord.js gets that of the gateway from the API. */
function connect(base: string): Client {
  const everything = Object.values(IntentsBitField.Flags).filter((flag) => typeof flag === 'number')
  return new Client({
    intents: everything,
    partials: [Partials.Channel],
    rest: { api: `${base}/api` },
  })
}

export type Clients = ReturnType<typeof createClients>

export function createClients(harness: Harness) {
  const { setup } = harness
  const [ada, bob] = [connect(setup.base), connect(setup.base)]
  ada.on(Events.Debug, (text) => harness.log('ada', text))
  bob.on(Events.Debug, (text) => harness.log('bob', text))

  const guildOf = (client: Client): Guild => client.guilds.cache.get(setup.guildId)!
  const textOf = (client: Client): TextChannel =>
    client.channels.cache.get(setup.textId) as TextChannel
  const hasContent = (content: string) => (message: Message) => message.content === content
  return {
    harness,
    setup,
    ada,
    bob,
    guildOf,
    textOf,
    hasContent,

    /** The guild may come after READY and the library's own time limit. */
    async available(...clients: Client[]): Promise<void> {
      for (const client of clients)
        await waitUntil('the guild', () => guildOf(client)?.available === true)
    },

    /** Sends as Ada and waits until Bob has received it. Returns both copies. */
    async sendAndReceive(content: string): Promise<{ sent: Message; received: Message }> {
      const event = nextEvent(bob, Events.MessageCreate, hasContent(content))
      const sent = await textOf(ada).send(content)
      return { sent, received: (await event)[0] }
    },

    async join(): Promise<void> {
      const added = nextEvent(ada, Events.GuildMemberAdd, (member) => member.id === setup.bob.id)
      const entered = nextEvent(bob, Events.GuildCreate, (guild) => guild.id === setup.guildId)
      await guildOf(ada).members.add(setup.bob.id, { accessToken: setup.bob.token })
      await added
      const [guild] = await entered
      assert.equal(guild.ownerId, setup.ada.id)
      assert.ok(guild.channels.cache.has(setup.textId))
    },
  }
}
