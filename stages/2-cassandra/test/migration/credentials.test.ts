import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { type StageProcess, startStage } from '@threshold/engines'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'
import { type Ended, startMigrator } from './process.ts'

const use = new AsyncDisposableStack()
let fixture: Fixture
let stage: StageProcess
let folder: string
let secret: Addresses
let written = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threshold-credentials-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
  fixture = await openFixture(use)
  await fixture.ends.source.store.import(
    Array.from({ length: 30 }, () => aMessage(newId())),
    testDeadline(),
  )
  secret = await withPasswords(fixture)
  const env = { THRESHOLD_LOG_LEVEL: 'debug' }
  const onOutput = (text: string): void => {
    written += text
  }
  stage = use.use(
    await startStage({
      stage: 2,
      engineUri: secret.mongodb,
      cassandraUri: secret.cassandra,
      env,
      onOutput,
    }),
  )
})
afterAll(() => use.disposeAsync())

describe('a password in the address of a database', { timeout: 120_000 }, () => {
  it('is in no output, log, checkpoint or document of a move', async () => {
    const moved = await migrate(['all', '--until', 'cutover', '--shadow', '0'])
    const status = await migrate(['status'])
    await stage.stop()
    const left = { log: written, files: await checkpoints(), documents: await migrationDocuments() }
    for (const text of Object.values(left)) expectNoPassword(text)
    // The outputs hold what they should, so the search was not in vain.
    expect(moved.output).toMatch(/dual-write:.*backfill:.*verify:.*cutover:/s)
    expect(status.output).toMatch(/backfill: \d+ of \d+ ranges, done/)
    expect(left.log).toMatch(/the migration moved/)
    expect(left.files).toContain('backfill')
    expect(left.documents).toContain('cutover')
  })

  it.each([
    [
      'a wrong one',
      /^UNAVAILABLE: MongoDB/,
      () => ({ mongodb: secret.mongodb.replace(secret.passwords[0], `${secret.passwords[0]}x`) }),
    ],
    [
      'a MongoDB that is not there',
      /^UNAVAILABLE: MongoDB/,
      () => ({ mongodb: at(secret.mongodb, '127.0.0.1:1') }),
    ],
    [
      'a Cassandra that is not there',
      /^UNAVAILABLE: Cassandra/,
      () => ({ cassandra: at(secret.cassandra, '127.0.0.1:1') }),
    ],
    [
      'an address of MongoDB that is none',
      /^ERROR: /,
      () => ({ mongodb: at(secret.mongodb, '127.0.0.1:1:2') }),
    ],
    ['one that is not escaped', /^ERROR: /, () => ({ mongodb: secret.mongodb.replace('@', ':@') })],
    [
      'an address of Cassandra that is none',
      /^BAD_CONFIG: /,
      () => ({ cassandra: at(secret.cassandra, '127.0.0.1') }),
    ],
  ])('is not in the words about %s', async (_, words, wrong) => {
    const { code, output } = await migrate(['verify'], { ...secret, ...wrong() })
    expect(code).toBeOneOf([1, 2])
    expect(output).toMatch(words)
  })
})

interface Addresses {
  readonly mongodb: string
  readonly cassandra: string
  /** MongoDB's, then Cassandra's. An engine that needs a password keeps its own. */
  readonly passwords: readonly [string, string]
}

const PASSWORD = /:\/\/[^:@/]+:([^@/]+)@/
const at = (uri: string, host: string): string => uri.replace(/@[^/]+/, `@${host}`)

/**
 * Creates a MongoDB user for this database. Cassandra, as it is started here, asks for no password
 * and accepts any.
 */
async function withPasswords({ uris, mongo }: Fixture): Promise<Addresses> {
  const own = `sesame${randomBytes(12).toString('hex')}`
  const named = (uri: string): string =>
    PASSWORD.test(uri) ? uri : uri.replace('://', `://ada:${own}@`)
  const mongodb = named(uris.mongodb)
  if (mongodb !== uris.mongodb) {
    const { databaseName } = mongo.db
    await mongo.db.command({
      createUser: 'ada',
      pwd: own,
      roles: [{ role: 'readWrite', db: databaseName }],
    })
    use.defer(async () => void (await mongo.db.command({ dropUser: 'ada' })))
  }
  const cassandra = named(uris.cassandra)
  return {
    mongodb,
    cassandra,
    passwords: [PASSWORD.exec(mongodb)![1]!, PASSWORD.exec(cassandra)![1]!],
  }
}

async function migrate(
  args: readonly string[],
  { mongodb, cassandra }: Omit<Addresses, 'passwords'> = secret,
): Promise<Ended> {
  const env = { THRESHOLD_MONGODB_URI: mongodb, THRESHOLD_CASSANDRA_URI: cassandra }
  const ended = await startMigrator(env, [...args, '--checkpoints', folder]).ended
  expectNoPassword(ended.output)
  return ended
}

/** The bytes of all checkpoint files. */
async function checkpoints(): Promise<string> {
  const files = await readdir(folder)
  return (await Promise.all(files.map((file) => readFile(join(folder, file), 'latin1')))).join('\n')
}

async function migrationDocuments(): Promise<string> {
  const { db } = fixture.mongo
  const names = (await db.listCollections().toArray())
    .map(({ name }) => name)
    .filter((name) => name.startsWith('migration'))
  const all = await Promise.all(names.map((name) => db.collection(name).find().toArray()))
  return inspect(all, { depth: null, maxArrayLength: null, maxStringLength: null })
}

/**
 * A failure must not print the password either, since an engine given to the tests has its own.
 */
function expectNoPassword(text: string): void {
  const forms = secret.passwords.flatMap((password) => [password, decodeURIComponent(password)])
  const shown = forms.reduce((left, form) => left.replaceAll(form, '[the password]'), text)
  expect(shown.split('\n').filter((line) => line.includes('[the password]'))).toEqual([])
}
