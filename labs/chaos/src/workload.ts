import { setTimeout as delay } from 'node:timers/promises'
import { Permission } from '@threshold/contract'
import { askGateway } from '@threshold/engines'
import { CodedError, hasCode } from '@threshold/kit'
import { type Api, createApi, gatewayAddresses, seeded } from '@threshold/lab-kit'
import pRetry from 'p-retry'
import type { History, Sent } from './history.ts'
import { type RecordedClient, recordClient } from './recorder.ts'

/** Between an answer and the next message of a channel. */
const PAUSE_MS = 50
/** How long a member sees the channel that is opened and closed, and how long not. */
const TOGGLE_MS = 1_500
/** A client gives a message up after this time without an acknowledgement. */
const GIVE_UP_MS = 30_000
const RETRY_MS = 200
const PAGE = 100

/** Messages, permissions that change, and clients that record what they receive. */
export interface Workload {
  readonly clients: readonly RecordedClient[]
  /** Messages that were acknowledged so far. */
  acknowledged(): number
  /** Messages that were not acknowledged in time. */
  givenUp(): number
  /**
   * Sends one last message to each channel. Resolves when all are acknowledged. Rejects with
   * `CHANNEL_UNAVAILABLE` if one is not.
   */
  finish(): Promise<void>
  /** The history so far. `stored` is empty before `readStored`. */
  history(): History
  /** Reads the history of all channels by REST. */
  readStored(): Promise<void>
}

interface ChaosGuild {
  readonly id: string
  readonly owner: ChaosUser
  readonly channels: readonly string[]
  readonly forbidden: History['forbidden']
  readonly visible: History['visible']
  /** The channel that `toggle` opens and closes. */
  readonly changing: string
  /** Opens a channel for one of the members, or closes it. */
  toggle(isOpen: boolean): Promise<void>
  readonly members: readonly ChaosUser[]
}

interface ChaosUser {
  readonly id: string
  readonly token: string
}

/** Each guild has a channel for all, one that a member sees at times, and one for the owner. */
export async function startWorkload(
  use: AsyncDisposableStack,
  url: string,
  {
    guilds,
    seed,
    nowMs,
  }: { readonly guilds: number; readonly seed: number; readonly nowMs: () => number },
): Promise<Workload> {
  const api = use.use(createApi(url))
  const random = seeded(seed)
  const gateways = gatewayAddresses(() => askGateway(url), nowMs)
  const made = await Promise.all(
    Array.from({ length: guilds }, (_, i) => createChaosGuild(api, `chaos ${i}`)),
  )
  const clients = made.flatMap(({ id, owner, members }, g) =>
    [owner, ...members].map(({ id: user, token }, m) =>
      recordClient({
        client: `client ${g}.${m}`,
        user,
        token,
        guildId: id,
        gateways,
        random,
        nowMs,
      }),
    ),
  )
  for (const { session } of clients) use.defer(() => session.close())
  await Promise.all(clients.map(({ session }) => session.open()))
  const acknowledged: Sent[] = []
  let stored: History['stored'] = {}
  let givenUp = 0
  let finished = false
  let aborted = false

  async function send({ token }: ChaosUser, channel: string, name: string): Promise<boolean> {
    const sentAtMs = nowMs()
    const content = `${channel.slice(-6)} ${name}`
    const id = await sendUntilAcknowledged(api, token, channel, content, () => aborted)
    if (id === undefined) givenUp += 1
    else acknowledged.push({ id, channel, sentAtMs })
    return id !== undefined
  }
  async function sendAll(owner: ChaosUser, channel: string): Promise<void> {
    for (let n = 0; !finished; n++) {
      await send(owner, channel, String(n))
      await delay(PAUSE_MS)
    }
    if (aborted || (await send(owner, channel, 'last'))) return
    throw new CodedError('CHANNEL_UNAVAILABLE', `no message can be sent to channel ${channel}`)
  }
  async function toggleAll({ toggle }: ChaosGuild): Promise<void> {
    for (let isOpen = true; !finished; isOpen = !isOpen) {
      // A refusal while a process is away is no fault: only what sessions are shown counts.
      await toggle(isOpen).catch(() => {})
      await delay(TOGGLE_MS)
    }
    if (!aborted) await pRetry(() => toggle(true), { retries: 20, minTimeout: 500, factor: 1 })
  }
  const working = made.flatMap((guild) => [
    ...guild.channels.map((channel) => sendAll(guild.owner, channel)),
    toggleAll(guild),
  ])

  const finishing = Promise.all(working)
  finishing.catch(() => {}) // `finish` reports it
  use.defer(async () => {
    finished = true
    aborted = true
    await Promise.allSettled(working)
  })
  const ofAll = <T extends object>(read: (guild: ChaosGuild) => T): T =>
    Object.assign({}, ...made.map(read)) as T

  return {
    clients,
    acknowledged: () => acknowledged.length,
    givenUp: () => givenUp,
    async finish() {
      finished = true
      await finishing
    },
    history: () => ({
      v: 1,
      sessions: clients.flatMap((client) => client.sessions()),
      acknowledged,
      stored,
      forbidden: ofAll(({ forbidden }) => forbidden),
      visible: ofAll(({ visible }) => visible),
      changing: made.map(({ changing }) => changing),
    }),
    async readStored() {
      const pages = made.flatMap(({ channels, owner }) =>
        channels.map(async (channel) => [channel, await readChannel(api, owner, channel)] as const),
      )
      stored = Object.fromEntries(await Promise.all(pages))
    },
  }
}

async function createChaosGuild(api: Api, name: string): Promise<ChaosGuild> {
  const call = async <T>(...args: Parameters<Api['call']>): Promise<T> =>
    (await api.call(...args)) as T
  const newUser = (username: string) =>
    call<ChaosUser>('POST', '/workshop/users', undefined, { username })
  const owner = await newUser('owner')
  const members = [await newUser('sometimes'), await newUser('never')]
  const { id } = await call<{ id: string }>('POST', '/api/v10/guilds', owner.token, { name })
  for (const member of members)
    await call('PUT', `/api/v10/guilds/${id}/members/${member.id}`, owner.token, {
      access_token: member.token,
    })
  const hidden = [{ id, type: 0, deny: String(Permission.ViewChannel) }]
  const newChannel = async (channel: string, permission_overwrites: object[]): Promise<string> => {
    const body = { name: channel, permission_overwrites }
    const path = `/api/v10/guilds/${id}/channels`
    return (await call<{ id: string }>('POST', path, owner.token, body)).id
  }
  const open = await newChannel('open', [])
  const toggled = await newChannel('toggled', hidden)
  const secret = await newChannel('secret', hidden)
  const [sometimes, never] = members as [ChaosUser, ChaosUser]
  return {
    id,
    owner,
    members,
    channels: [open, toggled, secret],
    forbidden: { [sometimes.id]: [secret], [never.id]: [secret, toggled] },
    visible: {
      [owner.id]: [open, toggled, secret],
      [sometimes.id]: [open, toggled],
      [never.id]: [open],
    },
    changing: toggled,
    async toggle(isOpen) {
      const path = `/api/v10/channels/${toggled}/permissions/${sometimes.id}`
      const body = { type: 1, allow: String(Permission.ViewChannel) }
      if (isOpen) await call('PUT', path, owner.token, body)
      else await call('DELETE', path, owner.token)
    },
  }
}

/** Repeats the request with its nonce, as client libraries do. Undefined: given up. */
async function sendUntilAcknowledged(
  api: Api,
  token: string,
  channel: string,
  content: string,
  isAborted: () => boolean,
): Promise<string | undefined> {
  const until = performance.now() + GIVE_UP_MS
  const body = { content, nonce: content, enforce_nonce: true }
  while (performance.now() < until && !isAborted()) {
    try {
      const path = `/api/v10/channels/${channel}/messages`
      return ((await api.call('POST', path, token, body)) as { id: string }).id
    } catch (error) {
      if (!hasCode(error, 'STAGE_OVERLOADED', 'STAGE_UNREACHABLE', 'STAGE_REFUSED')) throw error
      await delay(RETRY_MS)
    }
  }
  return undefined
}

async function readChannel(
  api: Api,
  { token }: ChaosUser,
  channel: string,
): Promise<History['stored'][string]> {
  const messages: History['stored'][string] = []
  for (;;) {
    const before = messages.length === 0 ? '' : `&before=${messages.at(-1)!.id}`
    const path = `/api/v10/channels/${channel}/messages?limit=${PAGE}${before}`
    const page = (await api.call('GET', path, token)) as History['stored'][string]
    messages.push(...page.map(({ id, content }) => ({ id, content })))
    if (page.length < PAGE) return messages
  }
}
