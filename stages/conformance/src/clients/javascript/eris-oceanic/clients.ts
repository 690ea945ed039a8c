import assert from 'node:assert/strict'
import { type Harness, waitFor, waitUntil } from '../harness.ts'
import type { Client, Dialect, Guild, Message, TextChannel } from './dialect.ts'

/**
 * Waits for the next matching event of a client. Call it before the action that causes the event.
 * The caller names the types of the event's arguments.
 */
export const nextEvent = <Args extends unknown[]>(
  client: Client,
  event: string,
  matches: (...args: Args) => boolean = () => true,
): Promise<Args> =>
  waitFor(event, (resolve) => {
    const listener = (...args: unknown[]): void => {
      if (!matches(...(args as Args))) return
      client.off(event, listener)
      resolve(args as Args)
    }
    client.on(event, listener)
  })

export type Clients = ReturnType<typeof createClients>

export function createClients(harness: Harness, dialect: Dialect) {
  const { setup } = harness
  const ada = dialect.connect(setup.base, setup.ada.token)
  const bob = dialect.connect(setup.base, setup.bob.token)
  for (const [name, client] of [['ada', ada] as const, ['bob', bob] as const])
    for (const event of ['debug', 'warn', 'error'])
      client.on(event, (text: unknown) => harness.log(name, String(text)))
  const guildOf = (client: Client): Guild => client.guilds.get(setup.guildId)!
  const textOf = (client: Client): TextChannel => client.getChannel(setup.textId) as TextChannel
  const hasContent = (content: string) => (message: Message) => message.content === content
  /** The next event about a member or role, without the guild that some libraries put first. */
  const nextGuildEvent = async <Args extends unknown[]>(
    client: Client,
    event: string,
    matches: (...args: Args) => boolean,
  ): Promise<void> => {
    const withoutGuild = (args: unknown[]) => (dialect.guildFirst ? args.slice(1) : args) as Args
    await nextEvent(client, event, (...args: unknown[]) => matches(...withoutGuild(args)))
  }
  return {
    dialect,
    harness,
    setup,
    ada,
    bob,
    guildOf,
    textOf,
    hasContent,
    nextGuildEvent,

    /** The guild may come after READY and the library's own time limit. */
    async available(...clients: Client[]): Promise<void> {
      for (const client of clients)
        await waitUntil('the guild', () => guildOf(client) !== undefined)
    },

    /** Sends as Ada and waits until Bob has received it. Returns both copies. */
    async sendAndReceive(content: string): Promise<{ sent: Message; received: Message }> {
      const event = nextEvent<[Message]>(bob, 'messageCreate', hasContent(content))
      const sent = await textOf(ada).createMessage({ content })
      return { sent, received: (await event)[0] }
    },

    async join(): Promise<void> {
      const added = nextGuildEvent<[{ id: string }]>(
        ada,
        'guildMemberAdd',
        (member) => member.id === setup.bob.id,
      )
      const entered = nextEvent<[Guild]>(bob, 'guildCreate', ({ id }) => id === setup.guildId)
      await dialect.addMember(guildOf(ada), setup.bob)
      await added
      const [guild] = await entered
      assert.equal(guild.ownerID, setup.ada.id)
      assert.ok(guild.channels.has(setup.textId))
    },
  }
}
