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
import { hearing, type Stagehand } from '../play.ts'

export const heard = hearing<ClientEvents>()

/** discord.js takes the address of the API as an option, and that of the gateway from the API. */
function connect(base: string): Client {
  const everything = Object.values(IntentsBitField.Flags).filter((flag) => typeof flag === 'number')
  return new Client({
    intents: everything,
    partials: [Partials.Channel],
    rest: { api: `${base}/api` },
  })
}

export type Cast = ReturnType<typeof createCast>

export function createCast(hand: Stagehand) {
  const { world } = hand
  const [ada, bob] = [connect(world.base), connect(world.base)]
  ada.on(Events.Debug, (text) => hand.log('ada', text))
  bob.on(Events.Debug, (text) => hand.log('bob', text))

  const guildOf = (client: Client): Guild => client.guilds.cache.get(world.guildId)!
  const textOf = (client: Client): TextChannel =>
    client.channels.cache.get(world.textId) as TextChannel
  const says = (content: string) => (message: Message) => message.content === content
  return {
    hand,
    world,
    ada,
    bob,
    guildOf,
    textOf,
    says,

    /** Sends as Ada, and waits until Bob has it: both copies. */
    async sent(content: string): Promise<{ mine: Message; theirs: Message }> {
      const got = heard(bob, Events.MessageCreate, says(content))
      const mine = await textOf(ada).send(content)
      return { mine, theirs: (await got)[0] }
    },

    async join(): Promise<void> {
      const added = heard(ada, Events.GuildMemberAdd, (member) => member.id === world.bob.id)
      const entered = heard(bob, Events.GuildCreate, (guild) => guild.id === world.guildId)
      await guildOf(ada).members.add(world.bob.id, { accessToken: world.bob.token })
      await added
      const [guild] = await entered
      assert.equal(guild.ownerId, world.ada.id)
      assert.ok(guild.channels.cache.has(world.textId))
    },
  }
}
