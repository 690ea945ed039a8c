import { CodedError } from '@threshold/kit'
import { Agent, request } from 'undici'
import type { WorldGuild, WorldMember } from '../load/plan.ts'
import type { Group, History, Load } from '../load/workload.ts'

/**
 * The people and guilds that a lab's loads happen in, made through the stage's own API as anybody
 * would.
 */
export interface World {
  readonly guilds: readonly WorldGuild[]
  /** As many of them as a load needs. */
  for(load: Load): readonly WorldGuild[]
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Api {
  /** Resolves with the body of a 2xx; rejects with `STAGE_REFUSED` for any other answer. */
  call(method: Method, path: string, token?: string, body?: object): Promise<unknown>
}

/** Calls that an Api has under way at the same time; more wait in line inside it. */
export const API_CONNECTIONS = 8
/** Channels whose past is written at the same time: enough to keep an engine busy, and no more. */
const FILLING_AT_ONCE = 2

export function createApi(baseUrl: string): Api & AsyncDisposable {
  const agent = new Agent({ connections: API_CONNECTIONS })
  return {
    async call(method, path, token, body) {
      const { statusCode, body: answer } = await request(`${baseUrl}${path}`, {
        dispatcher: agent,
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bot ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (statusCode < 200 || statusCode > 299)
        throw new CodedError(
          'STAGE_REFUSED',
          `${method} ${path}: ${statusCode} ${text.slice(0, 200)}`,
        )
      return text === '' ? undefined : JSON.parse(text)
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

export const createMember = async (api: Api, username: string): Promise<WorldMember> =>
  (await api.call('POST', '/workshop/users', undefined, { username })) as WorldMember

export const joinGuild = async (
  api: Api,
  guild: string,
  owner: WorldMember,
  member: WorldMember,
): Promise<void> => {
  await api.call('PUT', `/api/v10/guilds/${guild}/members/${member.id}`, owner.token, {
    access_token: member.token,
  })
}

export async function buildWorld(
  baseUrl: string,
  groups: readonly Group[],
  onPerson: (done: number, total: number) => void,
): Promise<World> {
  await using api = createApi(baseUrl)
  const total = groups.reduce(
    (sum, group) =>
      sum + group.guilds * (group.online + (group.history === undefined ? 0 : group.channels)),
    0,
  )
  let done = 0
  const made = (): void => onPerson(++done, total)
  const guilds: WorldGuild[] = []
  for (const group of groups) {
    // Guilds side by side where there are many, members side by side where there is one.
    const several = Math.min(group.guilds, API_CONNECTIONS)
    const numbers = Array.from({ length: group.guilds }, (_, index) => index).values()
    const built: WorldGuild[] = []
    const buildSome = async (): Promise<void> => {
      for (const index of numbers)
        built[index] = await buildGuild(
          api,
          group,
          index,
          Math.ceil(API_CONNECTIONS / several),
          made,
        )
    }
    await Promise.all(Array.from({ length: several }, buildSome))
    guilds.push(...built)
  }
  return {
    guilds,
    for: (load) =>
      load.groups.flatMap((group) =>
        guilds
          .filter((guild) => guild.group === group.name)
          .slice(0, group.guilds)
          .map((guild) => ({
            ...guild,
            channels: guild.channels.slice(0, group.channels),
            members: guild.members.slice(0, group.online),
          })),
      ),
  }
}

async function buildGuild(
  api: Api,
  group: Group,
  index: number,
  atOnce: number,
  made: () => void,
): Promise<WorldGuild> {
  const owner = await createMember(api, `owner ${index}`)
  made()
  const { id } = (await api.call('POST', '/api/v10/guilds', owner.token, {
    name: `${group.name} ${index}`,
  })) as { id: string }
  const members = [owner]
  const numbers = Array.from({ length: Math.max(0, group.online - 1) }, (_, n) => n + 1).values()
  const joinSome = async (): Promise<void> => {
    for (const n of numbers) {
      const member = await createMember(api, `member ${index}-${n}`)
      await joinGuild(api, id, owner, member)
      members.push(member)
      made()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, joinSome))
  const general = (
    (await api.call('GET', `/api/v10/guilds/${id}/channels`, owner.token)) as {
      id: string
      type: number
    }[]
  ).filter(({ type }) => type === 0)
  const channels = general.map((channel) => channel.id)
  for (let n = channels.length; n < group.channels; n++) {
    const channel = (await api.call('POST', `/api/v10/guilds/${id}/channels`, owner.token, {
      name: `talk-${n}`,
      type: 0,
    })) as {
      id: string
    }
    channels.push(channel.id)
  }
  const { history } = group
  if (history === undefined) return { group: group.name, id, channels, members }
  const unfilled = channels.values()
  const fillSome = async (): Promise<void> => {
    for (const channel of unfilled) {
      for (const piece of piecesOf(history))
        await api.call('POST', '/workshop/history', owner.token, { channel_id: channel, ...piece })
      made()
    }
  }
  await Promise.all(Array.from({ length: FILLING_AT_ONCE }, fillSome))
  return { group: group.name, id, channels, members, historyDays: history.days }
}

/**
 * So many messages are written within the five seconds that a stage takes for an answer, on a slow
 * machine too.
 */
const PIECE = 250

/** A long past, oldest first, in pieces that follow one another. */
function* piecesOf({ messages, days, characters }: History) {
  for (let from = 0; from < messages; from += PIECE) {
    const some = Math.min(PIECE, messages - from)
    const daysAt = (index: number): number => days * (1 - index / messages)
    yield {
      messages: some,
      days: daysAt(from),
      until_days: Math.max(0, daysAt(from + some)),
      characters,
    }
  }
}
