import { setTimeout as delay } from 'node:timers/promises'
import { createApi, type Scene } from '@threshold/lab-kit'

/** Somebody who writes and keeps account: what was acknowledged has to be there at the end. */
export interface Writer {
  /** Ids of acknowledged messages so far. */
  readonly acknowledged: readonly string[]
  /** From now on; told with the share of sends that failed since. */
  window(): () => { readonly tried: number; readonly failed: number }
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
  let [tried, failed] = [0, 0]
  let going = true
  const sends = new Set<Promise<void>>()

  async function send(): Promise<void> {
    tried++
    try {
      const sent = api.call('POST', messages, token, { content: `the ${tried}th` }) as Promise<{ id: string }>
      // Later than that is a failure for whoever waits; should it be acknowledged after all, it still has to be kept.
      void sent.then(({ id }) => acknowledged.push(id)).catch(() => {})
      await Promise.race([sent, delay(PATIENCE_MS).then(() => Promise.reject(new Error('too late')))])
    } catch {
      failed++
    }
  }

  const writing = (async () => {
    // Open loop: a server that hangs does not slow down whoever writes to it.
    for (; going; await delay(EVERY_MS)) {
      const one = send().finally(() => sends.delete(one))
      sends.add(one)
    }
    await Promise.all(sends)
  })()

  return {
    acknowledged,
    window() {
      const before = { tried, failed }
      return () => ({ tried: tried - before.tried, failed: failed - before.failed })
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
