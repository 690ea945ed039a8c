import { randomBytes } from 'node:crypto'
import { ESSENTIAL_STEPS, type ScenarioSetup, STEPS, type TestUser } from './scenario.ts'

const GUESTS = 3

/** REST calls beside the clients: the guild to start with, and actions that a library lacks. */
export interface ScenarioServer {
  prepare(
    options: Pick<ScenarioSetup, 'base' | 'gateway' | 'resume' | 'stepTimeoutMs'>,
  ): Promise<ScenarioSetup>
  addBob(setup: ScenarioSetup): Promise<void>
  /** Sends a message as Ada, from outside of the client under test. */
  sendAsAda(setup: ScenarioSetup, content: string): Promise<void>
}

export function scenarioServer(url: string): ScenarioServer {
  const call = async (
    method: string,
    path: string,
    token: string | undefined,
    body?: object,
  ): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok)
      throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 300)}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const newUser = async (name: string): Promise<TestUser> => {
    const username = `${name}-${randomBytes(3).toString('hex')}`
    const { id, token } = (await call('POST', '/workshop/users', undefined, {
      username,
    })) as TestUser
    return { id, token, username }
  }
  const addMember = (guildId: string, owner: TestUser, user: TestUser): Promise<unknown> =>
    call('PUT', `/api/v10/guilds/${guildId}/members/${user.id}`, owner.token, {
      access_token: user.token,
    })

  return {
    async prepare(options) {
      const [ada, bob] = await Promise.all([newUser('ada'), newUser('bob')])
      const guildName = 'The Analytical Society'
      const guild = (await call('POST', '/api/v10/guilds', ada.token, { name: guildName })) as {
        id: string
      }
      const channels = (await call('GET', `/api/v10/guilds/${guild.id}/channels`, ada.token)) as {
        id: string
        type: number
      }[]
      const guests: string[] = []
      for (let i = 0; i < GUESTS; i++) {
        const guest = await newUser('guest')
        await addMember(guild.id, ada, guest)
        guests.push(guest.id)
      }
      const first = (type: number): string => channels.find((channel) => channel.type === type)!.id
      return {
        ...options,
        steps: STEPS.map(({ id }) => id),
        essential: ESSENTIAL_STEPS,
        ada,
        bob,
        guildId: guild.id,
        guildName,
        textId: first(0),
        voiceId: first(2),
        guests,
      }
    },
    async addBob({ guildId, ada, bob }) {
      await addMember(guildId, ada, bob)
    },
    async sendAsAda({ textId, ada }, content) {
      await call('POST', `/api/v10/channels/${textId}/messages`, ada.token, { content })
    },
  }
}
