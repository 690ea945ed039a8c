import { setTimeout as delay } from 'node:timers/promises'
import { createApi, type Scene } from '@threshold/lab-kit'

/** Somebody who writes and keeps account: what was acknowledged has to be there at the end. */
export interface Writer {
  /** Ids of acknowledged messages so far. */
  readonly acknowledged: readonly string[]
  /** From now until the answer is asked for: the sends that began in between, once each of them has ended. */
  window(): () => Promise<{ readonly tried: number; readonly failed: number }>
  stop(): Promise<void>
  /** Acknowledged messages that no page of their channel shows. */
  missing(): Promise<number>
}

const EVERY_MS = 100
const PATIENCE_MS = 5_000

export function startWriter({ stage, guilds }: Scene): Writer {
  const [guild] = guilds
  const channel = guild!.channels[0]!
  const { token } = guild!.members[0]!
  const messages = `/api/v10/channels/${channel}/messages`
  const api = createApi(stage.url)
  const acknowledged: string[] = []
  /** Every send, by when it began: whether it was acknowledged in time. */
  const sends: Promise<boolean>[] = []
  let going = true

  async function send(): Promise<boolean> {
    const sent = api.call('POST', messages, token, { content: `the ${sends.length}th` }) as Promise<{ id: string }>
    // Later than in time is a failure for whoever waits. Should it be acknowledged after all, it still has to be kept.
    const kept = sent.then(
      ({ id }) => acknowledged.push(id) > 0,
      () => false,
    )
    return await Promise.race([kept, delay(PATIENCE_MS, false)])
  }

  const writing = (async () => {
    // Open loop: a server that hangs does not slow down whoever writes to it.
    for (; going; await delay(EVERY_MS)) sends.push(send())
    await Promise.all(sends)
  })()

  return {
    acknowledged,
    window() {
      const from = sends.length
      return async () => {
        const done = await Promise.all(sends.slice(from))
        return { tried: done.length, failed: done.filter((inTime) => !inTime).length }
      }
    },
    async stop() {
      going = false
      await writing
    },
    async missing() {
      const seen = new Set<string>()
      for (let before = ''; ; ) {
        const page = (await api.call('GET', `${messages}?limit=100${before}`, token)) as { id: string }[]
        for (const { id } of page) seen.add(id)
        const last = page.at(-1)
        if (last === undefined) break
        before = `&before=${last.id}`
      }
      await api[Symbol.asyncDispose]()
      return acknowledged.filter((id) => !seen.has(id)).length
    },
  }
}
