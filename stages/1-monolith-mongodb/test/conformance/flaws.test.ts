import { allCases, failureOf, runCase, type Target } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import { allTests, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Flaw, flawedStage } from './flawed-stage.ts'

interface Frame {
  op: number
  t: string | null
  s: number | null
  d: Record<string, unknown>
}

const json = (text: string, change: (value: Frame & Record<string, unknown>) => void): string => {
  if (text === '') return text
  const value = JSON.parse(text)
  change(value)
  return JSON.stringify(value)
}
const body =
  (change: (value: Record<string, unknown>) => void): Flaw['request'] =>
  (path, text) => ({ path, body: json(text, change) })
const frame =
  (change: (value: Frame) => void): Flaw['serverFrames'] =>
  (text) => [json(text, change)]
const isMessage = (text: string): boolean => text.includes('"t":"MESSAGE_CREATE"')

/** Defects that stages have had or might have, and the cases that must fail. */
const FLAWS: Readonly<Record<string, { flaw: Flaw; failingCases: readonly string[] }>> = {
  'a charset in the content type': {
    flaw: {
      response({ headers }) {
        if (headers['content-type'] === 'application/json')
          headers['content-type'] = 'application/json; charset=utf-8'
      },
    },
    failingCases: ['rest.content-type'],
  },
  'integers parsed as doubles': {
    flaw: { request: body(() => {}), clientFrame: (text) => json(text, () => {}) },
    failingCases: ['rest.ids.bare-numbers', 'gateway.members.bare-numbers'],
  },
  'a history in ascending order': {
    flaw: {
      response(message, path) {
        if (/\/messages(\?|$)/.test(path) && message.body.startsWith('['))
          message.body = JSON.stringify(JSON.parse(message.body).reverse())
      },
    },
    failingCases: [
      'rest.messages.page.latest',
      'rest.messages.page.law',
      'rest.messages.page.around',
      'rest.messages.page.walk',
    ],
  },
  'an unchecked limit': {
    flaw: {
      request: (path, text) => ({
        path: path.replace(/limit=(0|101|abc)\b/, 'limit=1'),
        body: text,
      }),
    },
    failingCases: ['rest.messages.page.limit', 'rest.members.list.invalid', 'rest.reactions.list'],
  },
  '403 in place of 404': {
    flaw: {
      response(message) {
        if (message.status === 404) message.status = 403
      },
    },
    failingCases: [
      'rest.guilds.unknown',
      'rest.channels.unknown',
      'rest.unknown-route',
      'rest.invites.get',
    ],
  },
  'form errors without the field': {
    flaw: {
      response(message) {
        if (message.status === 400)
          message.body = json(message.body, (value) => delete value.errors)
      },
    },
    failingCases: [
      'rest.messages.send.length',
      'rest.guilds.create.invalid',
      'workshop.users.invalid',
    ],
  },
  'missing rate limit headers': {
    flaw: {
      response({ headers }) {
        for (const name of Object.keys(headers))
          if (name.startsWith('x-ratelimit')) delete headers[name]
      },
    },
    failingCases: ['rest.rate.headers'],
  },
  'ignored enforce_nonce': {
    flaw: { request: body((value) => delete value.enforce_nonce) },
    failingCases: ['rest.messages.enforce-nonce', 'rest.messages.enforce-nonce.concurrent'],
  },
  'ignored permission_overwrites': {
    flaw: { request: body((value) => delete value.permission_overwrites) },
    failingCases: [
      'rest.guilds.channels.create.overwrites',
      'rest.channels.hidden',
      'gateway.sight.hidden',
      'gateway.sight.mentioned',
    ],
  },
  'ignored intents': {
    flaw: {
      clientFrame: (text) =>
        json(text, ({ op, d }) => op === 2 && Object.assign(d, { intents: 65_475 })),
    },
    failingCases: [
      'gateway.intents.guild-messages',
      'gateway.intents.none',
      'gateway.content.others',
    ],
  },
  'lost dispatches': {
    flaw: {
      serverFrames: (text) => (isMessage(text) && /"message (1|2|3)/.test(text) ? [] : [text]),
    },
    failingCases: ['gateway.sequence.contiguous'],
  },
  'duplicated dispatches': {
    flaw: { serverFrames: (text) => (isMessage(text) ? [text, text] : [text]) },
    failingCases: ['gateway.sequence.contiguous', 'gateway.message-create'],
  },
  'MESSAGE_CREATE without guild_id': {
    flaw: { serverFrames: frame(({ t, d }) => t === 'MESSAGE_CREATE' && delete d.guild_id) },
    failingCases: ['gateway.message-create'],
  },
  'READY without private_channels': {
    flaw: { serverFrames: frame(({ t, d }) => t === 'READY' && delete d.private_channels) },
    failingCases: ['gateway.ready', 'gateway.ready.private-channels'],
  },
  'GUILD_CREATE without stage_instances': {
    flaw: { serverFrames: frame(({ t, d }) => t === 'GUILD_CREATE' && delete d.stage_instances) },
    failingCases: ['gateway.guild-create.fields'],
  },
  'op 9 that claims the session is resumable': {
    flaw: { serverFrames: (text) => [text.replace('"op":9,"d":false', '"op":9,"d":true')] },
    failingCases: ['gateway.resume.unknown', 'gateway.resume.replay', 'gateway.resume.ended.1000'],
  },
  'close code 1000 for every error': {
    flaw: { closeCode: () => 1_000 },
    failingCases: [
      'gateway.close.4002.identify',
      'gateway.close.4003',
      'gateway.close.4004',
      'gateway.close.4012',
      'gateway.close.4013',
    ],
  },
}

const use = new AsyncDisposableStack()
let stage: StageProcess
beforeAll(async () => {
  if (!allTests()) return
  const { uri } = use.use(await leaseDatabase())
  stage = use.use(await startStage({ stage: 1, engineUri: uri }))
})
afterAll(() => use.disposeAsync())

const caseById = (id: string) => allCases.find((each) => each.id === id)!
const targetAt = (baseUrl: string): Target => ({ baseUrl, capabilities: new Set() })

describe.runIf(allTests()).concurrent('the suite on a flawed stage', { timeout: 180_000 }, () => {
  for (const [name, { flaw, failingCases }] of Object.entries(FLAWS)) {
    it(`notices ${name}`, async () => {
      await using flawed = await flawedStage(stage.url, flaw)
      for (const id of failingCases)
        expect((await runCase(caseById(id), targetAt(flawed.url))).kind, id).toBe('failed')
    })
  }

  it('passes on a stage behind a proxy without a flaw', async () => {
    await using proxied = await flawedStage(stage.url, {})
    for (const id of new Set(Object.values(FLAWS).flatMap((each) => each.failingCases)))
      expect(
        failureOf(caseById(id), await runCase(caseById(id), targetAt(proxied.url)), undefined),
        id,
      ).toBeUndefined()
  })
})
