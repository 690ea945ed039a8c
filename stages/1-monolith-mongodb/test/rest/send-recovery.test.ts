import { newId } from '@threshold/conformance/ports'
import { deadlineExceeded } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { type RestFixture, restFixture } from './fixture.ts'
import {
  afterTwoChecks,
  doneButAnswerLost,
  PATIENCE,
  send,
  TIMED_OUT,
  UNAVAILABLE,
  unavailableStore,
} from './recovery.ts'

const mongo = suiteDatabase()

const contents = (rest: RestFixture): unknown[] =>
  rest.received('MESSAGE_CREATE').map(({ data }) => (data as { content: string }).content)

describe('a send that fails when the message may be stored', () => {
  it('is published without a retry if the insert succeeded and its answer was lost', async () => {
    await using rest = await restFixture(mongo())
    rest.injectFault('messages', 'insert', doneButAnswerLost)
    await expect(send(rest, 'stored')).rejects.toMatchObject(TIMED_OUT)
    expect(contents(rest)).toEqual([])
    await expect.poll(() => contents(rest), PATIENCE).toEqual(['stored'])
    const [event] = rest.received('MESSAGE_CREATE')
    expect(event!.data).toMatchObject({
      author: { id: rest.guild.owner.user.id },
      guild_id: rest.guild.id,
      member: expect.any(Object),
    })
  })

  it('is published if the insert lands after the request has timed out', async () => {
    await using rest = await restFixture(mongo())
    let land = async (): Promise<unknown> => undefined
    rest.injectFault('messages', 'insert', async (call) => {
      land = call
      throw deadlineExceeded('the store')
    })
    await expect(send(rest, 'late')).rejects.toMatchObject(TIMED_OUT)
    await afterTwoChecks()
    await land()
    await expect.poll(() => contents(rest), PATIENCE).toEqual(['late'])
  })

  it('is published if a read after the insert fails, even if the store stays down for a while', async () => {
    await using rest = await restFixture(mongo())
    rest.injectFault('metadata', 'users', unavailableStore)
    rest.injectFault('messages', 'get', unavailableStore, 2)
    await expect(send(rest, 'half-way')).rejects.toMatchObject(UNAVAILABLE)
    await expect.poll(() => contents(rest), PATIENCE).toEqual(['half-way'])
  })

  it('does not hold up other messages if it can never be published', async () => {
    await using rest = await restFixture(mongo())
    for (const content of ['never', 'first', 'second']) {
      rest.injectFault('messages', 'insert', doneButAnswerLost)
      await expect(send(rest, content)).rejects.toMatchObject(TIMED_OUT)
    }
    let firstRead: unknown
    rest.injectFault(
      'messages',
      'get',
      async (call) => {
        const found = (await call()) as { content: string }[]
        firstRead ??= found[0]?.content
        if (found[0]?.content === 'never') throw new TypeError('a bug')
        return found
      },
      Number.POSITIVE_INFINITY,
    )
    await expect.poll(() => contents(rest), PATIENCE).toEqual(['first', 'second'])
    expect(firstRead).toBe('never')
  })

  it('is published once if the client retries and the reconciler runs too', async () => {
    await using rest = await restFixture(mongo())
    const nonce = { nonce: newId(), enforce_nonce: true }
    rest.injectFault('messages', 'insert', doneButAnswerLost)
    await expect(send(rest, 'twice', nonce)).rejects.toMatchObject(TIMED_OUT)
    const { id } = await send(rest, 'twice', nonce)
    await afterTwoChecks()
    expect(rest.received('MESSAGE_CREATE').map((event) => event.id)).toEqual([id])
  })

  it('is not published if nothing was stored', async () => {
    await using rest = await restFixture(mongo())
    rest.injectFault('messages', 'insert', unavailableStore)
    await expect(send(rest, 'nowhere')).rejects.toMatchObject(UNAVAILABLE)
    await afterTwoChecks()
    await send(rest, 'here')
    expect(contents(rest)).toEqual(['here'])
  })
})
