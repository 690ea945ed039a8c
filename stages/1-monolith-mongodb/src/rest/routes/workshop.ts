import { firstIdAt, Permission, restInput } from '@threshold/contract'
import type { StoredMessage, User } from '@threshold/domain'
import type { Context } from '../context.ts'
import { type AddRoute, created, parseInput } from '../route.ts'

/**
 * Outside Discord's API: how a workshop's users come to be. Switched off by configuration wherever
 * strangers can reach it.
 */
export function workshopRoutes(add: AddRoute, context: Context): void {
  add(
    'post',
    '/workshop/users',
    'workshop.user',
    async (request) => {
      const { username, bot } = parseInput(restInput.createUser, request.body)
      const user: User = { v: 1, id: context.tools.newId(), username, bot: bot ?? true }
      await context.ports.metadata.createUser(user, request.deadline)
      return created({
        id: user.id,
        token: context.tools.tokens.issue(user.id, context.runtime.clock.now()),
      })
    },
    { anonymous: true },
  )

  /**
   * A past for labs: what a year of talk weighs is not to take a year. No event, no push, no
   * search: nobody was there.
   */
  add('post', '/workshop/history', 'workshop.history', async (request) => {
    const { channel_id, messages, days, until_days, characters } = parseInput(
      restInput.fillHistory,
      request.body,
    )
    await context.authorizeChannel(
      request.userId,
      channel_id,
      Permission.ManageMessages,
      request.deadline,
    )
    const now = context.runtime.clock.now()
    const past = (index: number): StoredMessage => {
      const at = now - DAY_MS * (days - (Math.max(0, days - until_days) * index) / messages)
      // The time says where it lies, and the rest of the id that it is nobody else's.
      const id = (
        BigInt(firstIdAt(at)) + BigInt(context.runtime.random(4).readUInt32BE() & 0x3f_ffff)
      ).toString()
      const content = `${index} `.padEnd(characters, context.runtime.random(16).toString('hex'))
      return {
        v: 1,
        id,
        channelId: channel_id,
        authorId: request.userId,
        content,
        writeTimeMicros: BigInt(Math.floor(at)) * 1_000n,
        type: 0,
      }
    }
    for (let from = 0; from < messages; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, messages - from) }, (_, i) =>
        past(from + i),
      )
      await context.ports.messages.import(batch, request.deadline)
    }
    return undefined
  })
}

const DAY_MS = 86_400_000
const BATCH = 500
