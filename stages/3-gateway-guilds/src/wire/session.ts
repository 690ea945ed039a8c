import type { SessionRemainder, SessionSnapshot } from '@threshold/ports'
import { z } from 'zod'

/** The requests of one gateway to the one that has a session. */

const position = z.object({ epoch: z.number(), sequence: z.number() })
const objectOf = <T extends object>() =>
  z.custom<T>((value) => typeof value === 'object' && value !== null)

/**
 * Asks for a session, and for the gateway that has it. Empty: it belongs to another user. No
 * process serves the subject of a session that has ended.
 */
export const snapshotRequest = (id: string) => ({
  subject: `session.${id}`,
  body: z.object({ userId: z.string() }),
  result: z.object({
    found: z.object({ gateway: z.string(), snapshot: objectOf<SessionSnapshot>() }).optional(),
  }),
})

/** Asks any gateway to go on with a session, since the one that has it stops. */
export const adoptRequest = {
  subject: 'handover.adopt',
  body: z.object({ id: z.string(), userId: z.string() }),
  result: z.null(),
}

/** Ends a session at that gateway. It goes on at the one that asks, and has a subject there. */
export const handOverRequest = (gateway: string) => ({
  subject: `handover.${gateway}`,
  body: z.object({
    id: z.string(),
    starts: z.object({ token: z.string(), guilds: z.map(z.string(), position), user: position }),
  }),
  result: objectOf<SessionRemainder>(),
})
