import pLimit from 'p-limit'
import type { FixtureGuild, FixtureMember } from '../load/plan.ts'
import type { Group, History, Load } from '../load/workload.ts'
import { API_CONNECTIONS, type Api, createApi } from './stage-api.ts'

/** The users and guilds that a lab's loads run in, created through the stage's own API. */
export interface Fixture {
  readonly guilds: readonly FixtureGuild[]
  /** Returns the part of the fixture that this load uses, in the order of the load's groups. */
  guildsFor(load: Load): readonly FixtureGuild[]
}

/** Channels whose history is imported concurrently: enough to keep an engine busy, and no more. */
const IMPORT_CONCURRENCY = 2
/**
 * Messages in one import request. A slow machine still writes this many within the five seconds
 * after which a stage gives up on a request.
 */
const IMPORT_BATCH = 250

export const createMember = async (api: Api, username: string): Promise<FixtureMember> =>
  (await api.call('POST', '/workshop/users', undefined, { username })) as FixtureMember

export const joinGuild = async (
  api: Api,
  guild: string,
  owner: FixtureMember,
  member: FixtureMember,
): Promise<void> => {
  await api.call('PUT', `/api/v10/guilds/${guild}/members/${member.id}`, owner.token, {
    access_token: member.token,
  })
}

/** Creates the guilds of these groups with their members, channels and history. */
export async function provisionFixture(
  baseUrl: string,
  groups: readonly Group[],
  onProgress: (done: number, total: number) => void,
): Promise<Fixture> {
  await using api = createApi(baseUrl)
  const total = groups.reduce(
    (sum, group) =>
      sum + group.guilds * (group.online + (group.history === undefined ? 0 : group.channels)),
    0,
  )
  let done = 0
  const onStep = (): void => onProgress(++done, total)
  const guilds: FixtureGuild[] = []
  for (const group of groups) {
    // Many guilds are created concurrently; for a single guild, its members are.
    const guildConcurrency = Math.max(1, Math.min(group.guilds, API_CONNECTIONS))
    const memberConcurrency = Math.ceil(API_CONNECTIONS / guildConcurrency)
    const indexes = Array.from({ length: group.guilds }, (_, index) => index)
    guilds.push(
      ...(await pLimit(guildConcurrency).map(indexes, (index) =>
        provisionGuild(api, group, index, memberConcurrency, onStep),
      )),
    )
  }
  return {
    guilds,
    guildsFor: (load) =>
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

async function provisionGuild(
  api: Api,
  group: Group,
  index: number,
  memberConcurrency: number,
  onStep: () => void,
): Promise<FixtureGuild> {
  const owner = await createMember(api, `owner ${index}`)
  onStep()
  const { id } = (await api.call('POST', '/api/v10/guilds', owner.token, {
    name: `${group.name} ${index}`,
  })) as { id: string }
  const numbers = Array.from({ length: Math.max(0, group.online - 1) }, (_, n) => n + 1)
  const others = await pLimit(memberConcurrency).map(numbers, async (n) => {
    const member = await createMember(api, `member ${index}-${n}`)
    await joinGuild(api, id, owner, member)
    onStep()
    return member
  })
  const channels = await provisionChannels(api, id, owner, group.channels)
  const guild = { group: group.name, id, channels, members: [owner, ...others] }
  if (group.history === undefined) return guild
  const { history } = group
  await pLimit(IMPORT_CONCURRENCY).map(channels, async (channel) => {
    for (const batch of importBatches(history))
      await api.call('POST', '/workshop/history', owner.token, { channel_id: channel, ...batch })
    onStep()
  })
  return { ...guild, historyDays: history.days }
}

/** Returns the ids of the guild's text channels, after creating those that are missing. */
async function provisionChannels(
  api: Api,
  guild: string,
  owner: FixtureMember,
  count: number,
): Promise<string[]> {
  const path = `/api/v10/guilds/${guild}/channels`
  const existing = (await api.call('GET', path, owner.token)) as { id: string; type: number }[]
  const ids = existing.filter(({ type }) => type === 0).map(({ id }) => id)
  while (ids.length < count) {
    const body = { name: `talk-${ids.length}`, type: 0 }
    const { id } = (await api.call('POST', path, owner.token, body)) as { id: string }
    ids.push(id)
  }
  return ids
}

/** Splits a history into consecutive import requests, oldest messages first. */
function* importBatches({ messages, days, characters }: History) {
  for (let from = 0; from < messages; from += IMPORT_BATCH) {
    const count = Math.min(IMPORT_BATCH, messages - from)
    const daysAgo = (index: number): number => days * (1 - index / messages)
    yield {
      messages: count,
      days: daysAgo(from),
      until_days: Math.max(0, daysAgo(from + count)),
      characters,
    }
  }
}
