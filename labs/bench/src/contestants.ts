import { askGateway, startStage } from '@threshold/engines'
import { api } from './api.ts'
import { startBaseline } from './processes.ts'
import type { Dialect } from './protocol.ts'

/** A server that the bench measures. */
export interface Contestant extends AsyncDisposable {
  readonly name: string
  readonly dialect: Dialect
  readonly pid: number
  /** The address that sockets connect to. */
  readonly socketUrl: string
  /** A POST of `{content}` to this address sends a message to all sockets. */
  readonly url: string
  readonly token?: string
  readonly tokens: readonly string[]
}

/** Several users, so that the stage checks permissions for more than one. */
const USERS = 25

/** Starts a complete stage, which validates, stores and logs each message before it sends it. */
export async function stageContestant(
  engineUri: string,
  { stage = 1, users = USERS } = {},
): Promise<Contestant> {
  const running = await startStage({
    stage,
    engineUri,
    env: {
      THRESHOLD_HEARTBEAT_MS: '30000',
      THRESHOLD_LOG_LEVEL: 'warn',
      THRESHOLD_RATE_REQUESTS: '1000000',
    },
  })
  try {
    const { channel, tokens } = await prepareGuild(running.url, users)
    return {
      name: `stage ${stage} (complete)`,
      dialect: 'gateway',
      pid: running.pid,
      socketUrl: await askGateway(running.url),
      url: `${running.url}/api/v10/channels/${channel}/messages`,
      token: tokens[0]!,
      tokens,
      [Symbol.asyncDispose]: () => running.stop(),
    }
  } catch (error) {
    await running.stop()
    throw error
  }
}

export async function baselineContestant(
  kind: 'ws' | 'socket.io' | 'tcp',
  name: string,
): Promise<Contestant> {
  const peer = await startBaseline(kind)
  const { pid, socketUrl, url } = peer
  return {
    name,
    dialect: kind,
    pid,
    socketUrl,
    url,
    tokens: [],
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  }
}

/** A guild with a channel and this many members. The first token is that of its owner. */
export async function prepareGuild(
  url: string,
  users: number,
): Promise<{ guild: string; channel: string; tokens: string[] }> {
  const call = api(url)
  const user = (username: string) =>
    call<{ id: string; token: string }>('POST', '/workshop/users', { username })
  const owner = await user('sender')
  const guild = await call<{ id: string }>(
    'POST',
    '/api/v10/guilds',
    { name: 'bench' },
    owner.token,
  )
  const channel = await call<{ id: string }>(
    'POST',
    `/api/v10/guilds/${guild.id}/channels`,
    { name: 'bench' },
    owner.token,
  )
  const join = async (username: string): Promise<string> => {
    const member = await user(username)
    await call(
      'PUT',
      `/api/v10/guilds/${guild.id}/members/${member.id}`,
      { access_token: member.token },
      owner.token,
    )
    return member.token
  }
  const members = await Promise.all(Array.from({ length: users - 1 }, (_, i) => join(`member${i}`)))
  const tokens = [owner.token, ...members]
  return { guild: guild.id, channel: channel.id, tokens }
}
