import { restInput } from '@threshold/contract'
import type { User } from '@threshold/domain'
import type { Context } from '../context.ts'
import { type AddRoute, checked, created } from '../route.ts'

/** Outside Discord's API: how a workshop's users come to be. Switched off by configuration wherever strangers can reach it. */
export function workshopRoutes(add: AddRoute, context: Context): void {
  add(
    'post',
    '/workshop/users',
    'workshop.user',
    async (ask) => {
      const { username, bot } = checked(restInput.createUser, ask.body)
      const user: User = { v: 1, id: context.tools.newId(), username, bot: bot ?? true }
      await context.ports.metadata.createUser(user, ask.deadline)
      return created({ id: user.id, token: context.tools.tokens.issue(user.id, context.runtime.clock.now()) })
    },
    { anonymous: true },
  )
}
