import { hasCode, unavailable } from '@threshold/kit'
import type { VoiceCalls } from '@threshold/ports'
import { z } from 'zod'
import type { Circuit } from '../circuit.ts'
import type { Bus } from '../nats/bus.ts'

const admit = {
  subject: 'voice.admit',
  body: z.object({
    guildId: z.string(),
    channelId: z.string(),
    userId: z.string(),
    sessionId: z.string(),
    muted: z.boolean().optional(),
  }),
  result: z.object({ token: z.string(), endpoint: z.string() }),
}
const setMuted = {
  subject: 'voice.mute',
  body: z.object({ guild: z.string(), user: z.string(), muted: z.boolean() }),
  result: z.null(),
}
const dismiss = {
  subject: 'voice.dismiss',
  body: z.object({ guild: z.string(), user: z.string() }),
  result: z.null(),
}

/**
 * The voice server of another process. A user waits for an admission, which therefore fails at once
 * while the server is down. No user waits for the other requests. They take rights away, so they
 * are sent in any case.
 */
export const natsVoiceCalls = (bus: Bus, circuit: Circuit): VoiceCalls => ({
  admit: (admission, deadline) =>
    circuit.run(() =>
      bus.request(admit, admission, deadline).catch((error: unknown) => {
        throw hasCode(error, 'NO_RESPONDERS') ? unavailable('voice', error) : error
      }),
    ),
  async setMuted(guild, user, muted, deadline) {
    await bus.request(setMuted, { guild, user, muted }, deadline)
  },
  async dismiss(guild, user, deadline) {
    await bus.request(dismiss, { guild, user }, deadline)
  },
})

/** Serves the voice server of this process to the gateways. */
export function serveVoiceCalls(bus: Bus, calls: VoiceCalls): Disposable {
  const use = new DisposableStack()
  use.use(bus.serve(admit, (admission, deadline) => calls.admit(admission, deadline)))
  use.use(
    bus.serve(setMuted, async ({ guild, user, muted }, deadline) => {
      await calls.setMuted(guild, user, muted, deadline)
      return null
    }),
  )
  use.use(
    bus.serve(dismiss, async ({ guild, user }, deadline) => {
      await calls.dismiss(guild, user, deadline)
      return null
    }),
  )
  return use
}
