import { type StageProcess, startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { as, send } from './http.ts'

export interface AbusedStage extends AsyncDisposable {
  readonly stage: StageProcess
  readonly url: string
  world(): Promise<World>
}

/** A user with a guild of their own, and somebody who is not in it. */
export interface World {
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
  readonly ask: ReturnType<typeof as>
}

/** A real stage on a database of its own. */
export async function abusedStage(env: Record<string, string> = {}): Promise<AbusedStage> {
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
    world: () => makeWorld(stage.url),
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

async function makeWorld(url: string): Promise<World> {
  const [me, stranger] = await Promise.all([newUser(url), newUser(url, 'stranger')])
  const ask = as(url, me.token)
  const make = async (method: string, path: string, body: unknown) =>
    JSON.parse((await ask(method, path, body)).text)
  const guild = (await make('POST', '/guilds', { name: 'abused' })).id
  const channels: { id: string; type: number }[] = JSON.parse(
    (await ask('GET', `/guilds/${guild}/channels`)).text,
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
    message: (await make('POST', `/channels/${channel}/messages`, { content: 'hello' })).id,
    role: (await make('POST', `/guilds/${guild}/roles`, { name: 'role' })).id,
    invite: (await make('POST', `/channels/${channel}/invites`, {})).code,
    ask,
  }
}
