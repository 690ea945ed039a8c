import assert from 'node:assert/strict'
import { type Client, Constants, type Message, type PossiblyUncachedTextableChannel } from 'eris'
import { awaited, type Steps } from '../play.ts'
import { type Cast, heard } from './cast.ts'

const comesBack = (client: Client): Promise<'resumed' | 'identified'> =>
  Promise.race([
    heard(client, 'shardResume').then(() => 'resumed' as const),
    heard(client, 'shardReady').then(() => 'identified' as const),
  ])

/** What a client is by its socket: there, away, in a call, back again. */
export const session = ({ hand, world, ada, bob, guildOf, sent }: Cast) =>
  ({
    async login() {
      const ready = [heard(ada, 'ready'), heard(bob, 'ready')]
      await Promise.all([ada.connect(), bob.connect()])
      await Promise.all(ready)
      assert.equal(ada.user.id, world.ada.id)
      assert.equal(bob.user.username, world.bob.username)
    },

    async presence() {
      const got = heard(
        ada,
        'presenceUpdate',
        (member) => member.id === world.bob.id && member.status === 'dnd',
      )
      bob.editStatus('dnd', { name: 'the scenario', type: Constants.ActivityTypes.WATCHING })
      assert.equal((await got)[0].activities?.[0]?.name, 'the scenario')
    },

    async voice() {
      // eris' own voice connection insists on TLS, so that only the gateway's part of it is played
      // here.
      const server = awaited<string>('VOICE_SERVER_UPDATE', (resolve) => {
        bob.on('rawWS', ({ t, d }) => {
          const { endpoint, token } = (d ?? {}) as { endpoint?: string; token?: string }
          if (t === 'VOICE_SERVER_UPDATE') resolve(`${endpoint} ${token}`)
        })
      })
      const move = (channel_id: string | null): void =>
        guildOf(bob).shard.sendWS(Constants.GatewayOPCodes.VOICE_STATE_UPDATE, {
          guild_id: world.guildId,
          channel_id,
          self_mute: false,
          self_deaf: true,
        })
      const joined = heard(
        ada,
        'voiceChannelJoin',
        (member, channel) => member.id === world.bob.id && channel.id === world.voiceId,
      )
      move(world.voiceId)
      const [member] = await joined
      assert.deepEqual(
        [member.voiceState.channelID, member.voiceState.selfDeaf],
        [world.voiceId, true],
      )
      assert.match(await server, /^[\w.:]+ \S+$/)
      const left = heard(ada, 'voiceChannelLeave', (gone) => gone.id === world.bob.id)
      move(null)
      await left
    },

    async reconnect() {
      const seen: string[] = []
      const remember = (message: Message<PossiblyUncachedTextableChannel>): void =>
        void seen.push(message.content)
      bob.on('messageCreate', remember)
      const back = [comesBack(ada), comesBack(bob)]
      const missed = await hand.ask('cut')
      const ways = await Promise.all(back)
      hand.note(`after a cut socket: ${ways.join(', ')}`)
      await sent('after the cut')
      assert.deepEqual(seen, world.resume ? [missed, 'after the cut'] : ['after the cut'])
      assert.deepEqual(ways, world.resume ? ['resumed', 'resumed'] : ['identified', 'identified'])
      bob.off('messageCreate', remember)
    },

    async zombie() {
      const back = [comesBack(ada), comesBack(bob)]
      await hand.ask('mute')
      hand.note(`after a silent server: ${(await Promise.all(back)).join(', ')}`)
      await sent('after the silence')
    },

    async close() {
      // Seen first, since who is back and gone again within a moment need not be mentioned.
      const there = heard(
        ada,
        'presenceUpdate',
        (member) => member.id === world.bob.id && member.status === 'idle',
      )
      bob.editStatus('idle')
      await there
      const offline = heard(
        ada,
        'presenceUpdate',
        (member) => member.id === world.bob.id && member.status === 'offline',
      )
      bob.disconnect({ reconnect: false })
      await offline
      ada.disconnect({ reconnect: false })
    },
  }) satisfies Partial<Steps>
