import assert from 'node:assert/strict'
import { ActivityType, type Client, Events, type Message, type VoiceChannel } from 'discord.js'
import { type Steps, waitFor } from '../harness.ts'
import { type Clients, nextEvent } from './clients.ts'

const reconnection = (client: Client): Promise<'resumed' | 'identified'> =>
  Promise.race([
    nextEvent(client, Events.ShardResume).then(() => 'resumed' as const),
    nextEvent(client, Events.ShardReady).then(() => 'identified' as const),
  ])

/** Login, presence, voice and reconnects. */
export const session = ({
  harness,
  setup,
  ada,
  bob,
  guildOf,
  available,
  sendAndReceive,
}: Clients) =>
  ({
    async login() {
      const ready = [nextEvent(ada, Events.ClientReady), nextEvent(bob, Events.ClientReady)]
      await Promise.all([ada.login(setup.ada.token), bob.login(setup.bob.token)])
      await Promise.all(ready)
      await available(ada)
      assert.equal(ada.user?.id, setup.ada.id)
      assert.equal(bob.user?.username, setup.bob.username)
    },

    async presence() {
      const event = nextEvent(
        ada,
        Events.PresenceUpdate,
        (_, now) => now.userId === setup.bob.id && now.status === 'dnd',
      )
      bob.user?.setPresence({
        status: 'dnd',
        activities: [{ name: 'the scenario', type: ActivityType.Watching }],
      })
      assert.equal((await event)[1].activities[0]?.name, 'the scenario')
    },

    async voice() {
      // The adapter through which @discordjs/voice uses the gateway.
      const { promise: server, resolve } = Promise.withResolvers<{
        token: string
        endpoint: string | null
      }>()
      const adapter = guildOf(bob).voiceAdapterCreator({
        onVoiceServerUpdate: resolve,
        onVoiceStateUpdate: () => {},
        destroy: () => {},
      })
      const move = (channel_id: string | null) =>
        adapter.sendPayload({
          op: 4,
          d: { guild_id: setup.guildId, channel_id, self_mute: false, self_deaf: true },
        })
      const joined = nextEvent(
        ada,
        Events.VoiceStateUpdate,
        (_, now) => now.id === setup.bob.id && now.channelId === setup.voiceId,
      )
      move(setup.voiceId)
      assert.equal((await joined)[1].selfDeaf, true)
      const { token, endpoint } = await waitFor<Awaited<typeof server>>(
        'VOICE_SERVER_UPDATE',
        (done) => void server.then(done),
      )
      assert.ok(token && endpoint)
      assert.ok(
        (guildOf(ada).channels.cache.get(setup.voiceId) as VoiceChannel).members.has(setup.bob.id),
      )
      const left = nextEvent(
        ada,
        Events.VoiceStateUpdate,
        (_, now) => now.id === setup.bob.id && now.channelId === null,
      )
      move(null)
      await left
    },

    async reconnect() {
      const received: string[] = []
      const record = (message: Message): void => void received.push(message.content)
      bob.on(Events.MessageCreate, record)
      const reconnections = [reconnection(ada), reconnection(bob)]
      const missed = await harness.request('cut')
      const ways = await Promise.all(reconnections)
      harness.note(`after a cut socket: ${ways.join(', ')}`)
      await available(ada, bob)
      await sendAndReceive('after the cut')
      assert.deepEqual(received, setup.resume ? [missed, 'after the cut'] : ['after the cut'])
      assert.deepEqual(ways, setup.resume ? ['resumed', 'resumed'] : ['identified', 'identified'])
      bob.off(Events.MessageCreate, record)
    },

    async zombie() {
      const reconnections = [reconnection(ada), reconnection(bob)]
      await harness.request('stall')
      harness.note(`after a silent server: ${(await Promise.all(reconnections)).join(', ')}`)
      await available(ada, bob)
      await sendAndReceive('after the silence')
    },

    async close() {
      // Ada must see Bob idle first: the server may skip a presence that reverts at once.
      const there = nextEvent(
        ada,
        Events.PresenceUpdate,
        (_, now) => now.userId === setup.bob.id && now.status === 'idle',
      )
      bob.user?.setPresence({ status: 'idle' })
      await there
      const offline = nextEvent(
        ada,
        Events.PresenceUpdate,
        (_, now) => now.userId === setup.bob.id && now.status === 'offline',
      )
      await bob.destroy()
      await offline
      await ada.destroy()
    },
  }) satisfies Partial<Steps>
