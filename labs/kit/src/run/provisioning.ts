import { firstIdAt } from '@threshold/contract'
import type { FixtureMember } from '../load/plan.ts'
import type { History } from '../load/workload.ts'
import type { BusyRetry } from './busy-retry.ts'
import type { Api } from './stage-api.ts'

/** The stage's API, and how long its refusals are answered by another try. */
export interface Provisioner {
  readonly api: Api
  readonly retry: BusyRetry
}

/*
 * Every request below is safe to repeat. The answer to one that took effect may be lost, because a
 * busy stage may write after it has given up on a request.
 */

/** A repetition may leave a user without guild or socket, which no figure counts. */
export const createMember = (
  { api, retry }: Provisioner,
  username: string,
): Promise<FixtureMember> =>
  retry(
    'create a user',
    async () =>
      (await api.call('POST', '/workshop/users', undefined, { username })) as FixtureMember,
  )

/** Joining twice has no effect. */
export const joinGuild = (
  { api, retry }: Provisioner,
  guild: string,
  owner: FixtureMember,
  member: FixtureMember,
): Promise<void> =>
  retry('let a user join a guild', async () => {
    await api.call('PUT', `/api/v10/guilds/${guild}/members/${member.id}`, owner.token, {
      access_token: member.token,
    })
  })

interface Named {
  readonly id: string
  readonly name: string
}

/** Creates a guild, or takes the one that an earlier attempt created, and returns its id. */
export const createGuild = (
  { api, retry }: Provisioner,
  owner: FixtureMember,
  name: string,
): Promise<string> =>
  retry('create a guild', async (repeated) => {
    const existing = repeated
      ? ((await api.call('GET', '/api/v10/users/@me/guilds', owner.token)) as Named[])
      : []
    const found = existing.find((guild) => guild.name === name)
    const guild = found ?? (await api.call('POST', '/api/v10/guilds', owner.token, { name }))
    return (guild as Named).id
  })

/** Returns the ids of the guild's text channels, after creating those that are missing. */
export async function createChannels(
  { api, retry }: Provisioner,
  guild: string,
  owner: FixtureMember,
  count: number,
): Promise<string[]> {
  const path = `/api/v10/guilds/${guild}/channels`
  const textChannels = async (): Promise<Named[]> => {
    const all = (await api.call('GET', path, owner.token)) as (Named & { type: number })[]
    return all.filter(({ type }) => type === 0)
  }
  const ids = (await retry('list the channels of a guild', textChannels)).map(({ id }) => id)
  while (ids.length < count) {
    const name = `talk-${ids.length}`
    const channel = await retry('create a channel', async (repeated) => {
      const found = repeated
        ? (await textChannels()).find((other) => other.name === name)
        : undefined
      return found ?? ((await api.call('POST', path, owner.token, { name, type: 0 })) as Named)
    })
    ids.push(channel.id)
  }
  return ids
}

/**
 * Messages in one import request. A slow machine still writes this many within the five seconds
 * after which a stage gives up on a request.
 */
const IMPORT_BATCH = 250
const PAGE_SIZE = 100
const DAY_MS = 86_400_000

/** Fills a channel with messages, oldest first. */
export async function importHistory(
  { api, retry }: Provisioner,
  owner: FixtureMember,
  channel: string,
  history: History,
): Promise<void> {
  const stepDays = history.days / history.messages
  for (const batch of importBatches(history)) {
    // Between the first message of this batch and the last one of the batch before.
    const start = firstIdAt(Date.now() - (batch.days + stepDays / 2) * DAY_MS)
    await retry('import a history', async (repeated) => {
      // A repeated import would write other messages beside those of an earlier attempt.
      const written = repeated ? await countAfter(api, owner, channel, start) : 0
      if (written >= batch.messages) return
      const missing = { ...batch, messages: batch.messages - written }
      await api.call('POST', '/workshop/history', owner.token, { channel_id: channel, ...missing })
    })
  }
}

async function countAfter(
  api: Api,
  { token }: FixtureMember,
  channel: string,
  start: string,
): Promise<number> {
  let after = BigInt(start)
  for (let count = 0; ; ) {
    const path = `/api/v10/channels/${channel}/messages?limit=${PAGE_SIZE}&after=${after}`
    const page = (await api.call('GET', path, token)) as { id: string }[]
    count += page.length
    if (page.length < PAGE_SIZE) return count
    for (const { id } of page) if (BigInt(id) > after) after = BigInt(id)
  }
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
