import type { OnProgress } from '@threshold/engines'
import pLimit from 'p-limit'
import type { FixtureGuild } from '../load/plan.ts'
import type { Group, Load } from '../load/workload.ts'
import { retryWhileBusy } from './busy-retry.ts'
import {
  createChannels,
  createGuild,
  createMember,
  importHistory,
  joinGuild,
  type Provisioner,
} from './provisioning.ts'
import { API_CONNECTIONS, createApi } from './stage-api.ts'

/** The users and guilds that a lab's loads run in, created through the stage's own API. */
export interface Fixture {
  readonly guilds: readonly FixtureGuild[]
  /** Returns the part of the fixture that this load uses, in the order of the load's groups. */
  guildsFor(load: Load): readonly FixtureGuild[]
}

/** Channels whose history is imported concurrently: enough to keep an engine busy, and no more. */
const IMPORT_CONCURRENCY = 2
/** How long a busy stage may refuse one request. Longer than a restart takes on a busy laptop. */
const BUSY_WITHIN_MS = 90_000

/**
 * Creates the guilds of these groups with their members, channels and history.
 *
 * @throws CodedError `STAGE_BUSY` if the stage is too busy for a minute and a half
 */
export async function provisionFixture(
  baseUrl: string,
  groups: readonly Group[],
  onProgress: OnProgress,
  withinMs: number = BUSY_WITHIN_MS,
): Promise<Fixture> {
  await using api = createApi(baseUrl)
  const total = groups.reduce(
    (sum, group) =>
      sum + group.guilds * (group.online + (group.history === undefined ? 0 : group.channels)),
    0,
  )
  let done = 0
  const text = 'provisioning users'
  const onStep = (): void => onProgress({ text, done: ++done, total })
  const onBusy = (): void =>
    onProgress({ text: `${text}: the stage is busy; trying again`, done, total })
  const provisioner = { api, retry: retryWhileBusy({ withinMs, onBusy }) }
  const guilds: FixtureGuild[] = []
  for (const group of groups) {
    // Many guilds are created concurrently; for a single guild, its members are.
    const guildConcurrency = Math.max(1, Math.min(group.guilds, API_CONNECTIONS))
    const memberConcurrency = Math.ceil(API_CONNECTIONS / guildConcurrency)
    const indexes = Array.from({ length: group.guilds }, (_, index) => index)
    guilds.push(
      ...(await pLimit(guildConcurrency).map(indexes, (index) =>
        provisionGuild(provisioner, group, index, memberConcurrency, onStep),
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
  provisioner: Provisioner,
  group: Group,
  index: number,
  memberConcurrency: number,
  onStep: () => void,
): Promise<FixtureGuild> {
  const owner = await createMember(provisioner, `owner ${index}`)
  onStep()
  const id = await createGuild(provisioner, owner, `${group.name} ${index}`)
  const numbers = Array.from({ length: Math.max(0, group.online - 1) }, (_, n) => n + 1)
  const others = await pLimit(memberConcurrency).map(numbers, async (n) => {
    const member = await createMember(provisioner, `member ${index}-${n}`)
    await joinGuild(provisioner, id, owner, member)
    onStep()
    return member
  })
  const channels = await createChannels(provisioner, id, owner, group.channels)
  const guild = { group: group.name, id, channels, members: [owner, ...others] }
  if (group.history === undefined) return guild
  const { history } = group
  await pLimit(IMPORT_CONCURRENCY).map(channels, async (channel) => {
    await importHistory(provisioner, owner, channel, history)
    onStep()
  })
  return { ...guild, historyDays: history.days }
}
