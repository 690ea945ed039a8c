import { randomBytes } from 'node:crypto'
import { FOUNDATIONS, type Person, STEPS, type World } from './scenario.ts'

const GUESTS = 3

/**
 * The few things that are done beside a client: a guild to begin with, and what a library has no
 * method for.
 */
export interface Server {
  prepare(options: { base: string; resume: boolean; patience: number }): Promise<World>
  /** Puts Bob into the guild. */
  join(world: World): Promise<void>
  /** A message by Ada, of whom the client under test is only one session. */
  say(world: World, content: string): Promise<void>
}

export function serverAt(url: string): Server {
  const ask = async (
    method: string,
    path: string,
    token: string | undefined,
    body?: object,
  ): Promise<unknown> => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await answer.text()
    if (!answer.ok)
      throw new Error(`${method} ${path} was answered ${answer.status}: ${text.slice(0, 300)}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const newPerson = async (name: string): Promise<Person> => {
    const username = `${name}-${randomBytes(3).toString('hex')}`
    const { id, token } = (await ask('POST', '/workshop/users', undefined, { username })) as Person
    return { id, token, username }
  }
  const add = (guildId: string, owner: Person, person: Person): Promise<unknown> =>
    ask('PUT', `/api/v10/guilds/${guildId}/members/${person.id}`, owner.token, {
      access_token: person.token,
    })

  return {
    async prepare(options) {
      const [ada, bob] = await Promise.all([newPerson('ada'), newPerson('bob')])
      const guildName = 'The Analytical Society'
      const guild = (await ask('POST', '/api/v10/guilds', ada.token, { name: guildName })) as {
        id: string
      }
      const channels = (await ask('GET', `/api/v10/guilds/${guild.id}/channels`, ada.token)) as {
        id: string
        type: number
      }[]
      const guests: string[] = []
      for (let i = 0; i < GUESTS; i++) {
        const guest = await newPerson('guest')
        await add(guild.id, ada, guest)
        guests.push(guest.id)
      }
      const first = (type: number): string => channels.find((channel) => channel.type === type)!.id
      return {
        ...options,
        steps: STEPS.map(({ id }) => id),
        foundations: FOUNDATIONS,
        ada,
        bob,
        guildId: guild.id,
        guildName,
        textId: first(0),
        voiceId: first(2),
        guests,
      }
    },
    async join({ guildId, ada, bob }) {
      await add(guildId, ada, bob)
    },
    async say({ textId, ada }, content) {
      await ask('POST', `/api/v10/channels/${textId}/messages`, ada.token, { content })
    },
  }
}
