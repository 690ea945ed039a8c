import { firstIdAt, Permission, type Snowflake } from '@threshold/contract'
import type { StoredMessage, User } from '@threshold/domain'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { type AddRoute, created, parseInput } from '../route.ts'

const DAY_MS = 86_400_000
const BATCH_SIZE = 500
/** The bits of a snowflake below its time. */
const LOW_BITS = 0x3f_ffff

/**
 * Routes outside Discord's API, for workshops and labs. They exist only if provisioning is switched
 * on, which makes users of anyone who asks.
 */
export function workshopRoutes(add: AddRoute, context: Context): void {
  const { ports, runtime, tools } = context

  add(
    'post',
    '/workshop/users',
    'workshop.user',
    async (request) => {
      const { username, bot = true } = parseInput(restInput.createUser, request.body)
      const user: User = { v: 1, id: tools.newId(), username, bot }
      await ports.metadata.createUser(user, request.deadline)
      return created({ id: user.id, token: tools.tokens.issue(user.id, runtime.clock.now()) })
    },
    { anonymous: true },
  )

  /** Active users and busiest channels of the last five minutes, as this process counted them. */
  add('get', '/workshop/analytics', 'workshop.analytics', async () => {
    const { messages, activeUsers, busiestChannels } = ports.analytics.snapshot()
    return {
      messages,
      active_users: activeUsers,
      busiest_channels: busiestChannels.map((channel) => ({
        channel_id: channel.channelId,
        messages: channel.messages,
      })),
    }
  })

  /**
   * Fills a channel with a history for labs, spread evenly over days in the past. The messages are
   * only stored: no session receives them, and they have neither push nor search entry.
   */
  add('post', '/workshop/history', 'workshop.history', async (request) => {
    const { channel_id, messages, days, until_days, characters } = parseInput(
      restInput.fillHistory,
      request.body,
    )
    await context.authorizeChannel(request, Permission.ManageMessages, channel_id)
    const now = runtime.clock.now()
    const span = Math.max(0, days - until_days)
    const messageAt = (index: number): StoredMessage => {
      const at = now - DAY_MS * (days - (span * index) / messages)
      return {
        v: 1,
        id: randomIdAt(at),
        channelId: channel_id,
        authorId: request.userId,
        content: `${index} `.padEnd(characters, runtime.random(16).toString('hex')),
        writeTimeMicros: BigInt(Math.floor(at)) * 1_000n,
        type: 0,
      }
    }
    for (let start = 0; start < messages; start += BATCH_SIZE) {
      const length = Math.min(BATCH_SIZE, messages - start)
      const batch = Array.from({ length }, (_, i) => messageAt(start + i))
      await ports.messages.import(batch, request.deadline)
    }
    return undefined
  })

  /** The process makes ids only for the present, so the bits below the time are random here. */
  function randomIdAt(at: number): Snowflake {
    const low = runtime.random(4).readUInt32BE() & LOW_BITS
    return (BigInt(firstIdAt(at)) + BigInt(low)).toString()
  }
}
