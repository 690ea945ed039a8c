import { setTimeout as delay } from 'node:timers/promises'

interface Expected {
  readonly content: string
  readonly reactions: ReadonlySet<string>
}

export interface Traffic {
  readonly done: () => number
  /** Tries that were answered 503 or 429, or not at all. */
  readonly retried: () => number
  /** Resolves once every request that was begun is acknowledged. */
  pause(): Promise<void>
  resume(): void
  /** Describes every difference between the pages of readers and the acknowledged requests. */
  wrong(): Promise<string[]>
}

const WRITERS = 4
/** Between two requests of one writer. It makes some dozens of requests a second. */
const PAUSE_MS = 120
const RETRY_MS = 40
const RETRY_FOR_MS = 45_000
const EMOJI = ['👍', '👎', '🎉']

/** Random numbers that are the same in each run. */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * Users who send, edit, delete and react, each in a channel of their own, and repeat each request
 * until it is answered. So the expected messages are known to the last reaction.
 */
export async function startTraffic(url: string, seed: number): Promise<Traffic> {
  const api = `${url}/api/v10`
  let [requests, retried, pausing] = [0, 0, false]

  async function call(
    method: string,
    path: string,
    token: string,
    body?: object,
  ): Promise<Response> {
    const headers = { 'content-type': 'application/json', authorization: `Bot ${token}` }
    const until = Date.now() + RETRY_FOR_MS
    for (let tries = 0; ; tries++) {
      const answer = await fetch(path, {
        method,
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      }).catch(() => undefined)
      // A delete that was carried out and not answered finds nothing the second time.
      if (answer?.ok || (tries > 0 && method === 'DELETE' && answer?.status === 404)) {
        requests += 1
        return answer
      }
      if (answer && answer.status !== 503 && answer.status !== 429)
        throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
      if (Date.now() > until)
        throw new Error(`${method} ${path} was not answered within ${RETRY_FOR_MS} ms`)
      retried += 1
      await delay(RETRY_MS)
    }
  }

  const user = await call('POST', `${url}/workshop/users`, '', { username: 'mover' })
  const { token } = (await user.json()) as { token: string }
  const json = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await (await call(method, `${api}${path}`, token, body)).json()) as T
  const guild = await json<{ id: string }>('POST', '/guilds', { name: 'moving' })

  async function writer(index: number) {
    const roll = dice(seed + index)
    const channel = await json<{ id: string }>('POST', `/guilds/${guild.id}/channels`, {
      name: `moving-${index}`,
    })
    const path = `/channels/${channel.id}/messages`
    const expected = new Map<string, Expected>()
    const act = async (n: number): Promise<void> => {
      const ids = [...expected.keys()]
      // One of the newest five or one of all: messages being copied now, and copied long ago.
      const id = ids[roll(2) === 0 ? roll(ids.length) : Math.max(0, ids.length - 1 - roll(5))]
      const choice = id === undefined ? 0 : roll(10)
      if (choice < 3 || id === undefined) {
        const content = `message ${index}.${n}`
        const sent = await json<{ id: string }>('POST', path, {
          content,
          nonce: `${index}.${n}`,
          enforce_nonce: true,
        })
        if (expected.has(sent.id)) throw new Error(`one id for two messages: ${sent.id}`)
        expected.set(sent.id, { content, reactions: new Set() })
      } else if (choice < 5) {
        const content = `edited ${index}.${n}`
        await call('PATCH', `${api}${path}/${id}`, token, {
          content,
          embeds: roll(2) === 0 ? [{ title: 'x' }] : [],
        })
        expected.set(id, { ...expected.get(id)!, content })
      } else if (choice < 7) {
        await call('DELETE', `${api}${path}/${id}`, token)
        expected.delete(id)
      } else if (choice < 8) {
        await call('GET', `${api}${path}?limit=50`, token)
      } else {
        const emoji = EMOJI[roll(EMOJI.length)]!
        const reactions = new Set(expected.get(id)!.reactions)
        const removes = reactions.delete(emoji)
        if (!removes) reactions.add(emoji)
        await call(
          removes ? 'DELETE' : 'PUT',
          `${api}${path}/${id}/reactions/${encodeURIComponent(emoji)}/@me`,
          token,
        )
        expected.set(id, { ...expected.get(id)!, reactions })
      }
    }
    let n = 0
    const work = async (): Promise<void> => {
      while (!pausing) {
        await act(n++)
        await delay(PAUSE_MS)
      }
    }

    interface Shown {
      readonly id: string
      readonly content: string
      readonly reactions?: readonly { readonly emoji: { readonly name: string } }[]
    }
    async function wrong(): Promise<string[]> {
      const shown: Shown[] = []
      for (let before = ''; ; before = `&before=${shown.at(-1)!.id}`) {
        const page = await json<Shown[]>('GET', `${path}?limit=100${before}`)
        shown.push(...page)
        if (page.length < 100) break
      }
      const ids = shown.map(({ id }) => id)
      const inOrder = [...ids].sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1))
      const byId = new Map(shown.map((one) => [one.id, one]))
      return [
        ...(ids.length === byId.size ? [] : ['doubled']),
        ...(ids.join() === inOrder.join() ? [] : ['out of order']),
        ...ids.filter((id) => !expected.has(id)).map((id) => `back from the dead: ${id}`),
        ...[...expected].flatMap(([id, { content, reactions }]) => {
          const found = byId.get(id)
          if (!found) return [`lost: ${id} ${content}`]
          const emoji = (found.reactions ?? [])
            .map((one) => one.emoji.name)
            .toSorted()
            .join()
          const right = [...reactions].toSorted().join()
          return [
            ...(found.content === content ? [] : [`${id} says ${found.content}, not ${content}`]),
            ...(emoji === right ? [] : [`${id} has reactions ${emoji}, not ${right}`]),
          ]
        }),
      ]
    }
    return { work, wrong }
  }

  const writers = await Promise.all(Array.from({ length: WRITERS }, (_, i) => writer(i)))
  let working: Promise<unknown> = Promise.resolve()
  function resume(): void {
    pausing = false
    working = Promise.all(writers.map(({ work }) => work()))
    working.catch(() => {}) // pause() rejects with it
  }
  resume()
  return {
    resume,
    done: () => requests,
    retried: () => retried,
    async pause() {
      pausing = true
      await working
    },
    wrong: async () => (await Promise.all(writers.map((one) => one.wrong()))).flat(),
  }
}
