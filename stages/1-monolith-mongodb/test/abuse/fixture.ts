import { askGateway, type StageProcess, startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { apiAs, send } from './http.ts'

export interface StageUnderTest extends AsyncDisposable {
  readonly stage: StageProcess
  readonly url: string
  readonly gatewayUrl: string
  createFixture(): Promise<Fixture>
}

/** A user with a guild, and a second user who is not in it. */
export interface Fixture {
  readonly token: string
  readonly user: string
  readonly strangerToken: string
  readonly stranger: string
  readonly guild: string
  readonly channel: string
  readonly voice: string
  readonly message: string
  readonly role: string
  readonly invite: string
  readonly call: ReturnType<typeof apiAs>
}

/** Starts a stage on a database of its own. */
export async function startStageUnderTest(
  env: Record<string, string> = {},
): Promise<StageUnderTest> {
  const use = new AsyncDisposableStack()
  const database = use.use(await leaseDatabase())
  const stage = use.use(
    await startStage({
      stage: 1,
      engineUri: database.uri,
      env: { THRESHOLD_LOG_LEVEL: 'error', ...env },
    }),
  )
  return {
    stage,
    url: stage.url,
    gatewayUrl: await askGateway(stage.url),
    createFixture: () => createFixture(stage.url),
    [Symbol.asyncDispose]: () => use.disposeAsync(),
  }
}

export async function newUser(
  url: string,
  username = 'abuser',
): Promise<{ id: string; token: string }> {
  const { text } = await send(url, {
    method: 'POST',
    path: '/workshop/users',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username }),
  })
  return JSON.parse(text)
}

async function createFixture(url: string): Promise<Fixture> {
  const [me, stranger] = await Promise.all([newUser(url), newUser(url, 'stranger')])
  const call = apiAs(url, me.token)
  const create = async (method: string, path: string, body: unknown) =>
    JSON.parse((await call(method, path, body)).text)
  const guild = (await create('POST', '/guilds', { name: 'abused' })).id
  const channels: { id: string; type: number }[] = JSON.parse(
    (await call('GET', `/guilds/${guild}/channels`)).text,
  )
  const channel = channels.find(({ type }) => type === 0)?.id ?? ''
  return {
    token: me.token,
    user: me.id,
    strangerToken: stranger.token,
    stranger: stranger.id,
    guild,
    channel,
    voice: channels.find(({ type }) => type === 2)?.id ?? '',
    message: (await create('POST', `/channels/${channel}/messages`, { content: 'hello' })).id,
    role: (await create('POST', `/guilds/${guild}/roles`, { name: 'role' })).id,
    invite: (await create('POST', `/channels/${channel}/invites`, {})).code,
    call,
  }
}
