import { MongoClient } from 'mongodb'
import { describe, expect, it, vi } from 'vitest'
import { withCassandraClient } from '../src/cassandra/address.ts'
import { createOptions, startContainer } from '../src/docker/container.ts'
import { type FoundDocker, findDocker, isSiblingContainer } from '../src/docker/find.ts'
import { ensureImage, hasImage, imageAvailable } from '../src/docker/image.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from '../src/docker/labels.ts'
import { waitForContainer } from '../src/docker/ready.ts'
import { inspectMachine } from '../src/doctor/inspect.ts'
import { productOf } from '../src/mongodb/product.ts'
import { startMongo } from '../src/mongodb/start.ts'
import { isListening } from '../src/process/ports.ts'
import { noProgress } from '../src/progress.ts'
import { claimPort } from '../src/registry/claim-port.ts'
import { listEntries, register } from '../src/registry/registry.ts'
import { sweep } from '../src/registry/sweep.ts'
import { allTests, dedicatedCassandra } from '../src/testing/index.ts'
import { CASSANDRA_IMAGE, MONGODB_IMAGE } from '../src/versions.ts'
import { emptyCache, leaveRun, otherProcess, setEnvironment } from './machine.ts'

const found: FoundDocker = await findDocker()
const images =
  found.usable &&
  (await hasImage(found.client, MONGODB_IMAGE.name)) &&
  (await hasImage(found.client, CASSANDRA_IMAGE.name))
const docker = found as Extract<FoundDocker, { usable: true }>

const containersOf = (cache: string) =>
  docker.client.listContainers({ all: true, filters: { label: [`${CACHE_LABEL}=${cache}`] } })

/** By a driver of the test's own. */
async function askItself(uri: string) {
  const client = new MongoClient(uri)
  try {
    const admin = client.db('admin')
    return productOf(await admin.command({ buildInfo: 1 }), await admin.command({ hello: 1 }))
  } finally {
    await client.close(true)
  }
}

describe.skipIf(!images)('Docker (skipped where it or its images are not to be had)', () => {
  it.each(['created', 'running'])(
    'a container whose owner is killed when it is %s ends by itself, and a reset finds nothing left',
    async (moment) => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const owner = await otherProcess(use, 'docker-owner.ts')
      await vi.waitFor(
        async () => {
          const [container] = await containersOf(cache)
          expect(
            moment === 'created' ? container !== undefined : container?.State === 'running',
          ).toBe(true)
        },
        { timeout: 60_000, interval: 5 },
      )
      owner.kill('SIGKILL')
      await owner.ended
      await vi.waitFor(async () => expect(await containersOf(cache)).toEqual([]), {
        timeout: 30_000,
        interval: 200,
      })
      await vi.waitFor(async () => expect((await listEntries()).entries).toEqual([]), {
        timeout: 10_000,
        interval: 200,
      })
      expect(await sweep({ all: true })).toEqual({ ended: [], removed: [], problems: [] })
    },
  )

  it('a container whose id was never written down is found by its label', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await leaveRun(cache, 'mongodb-1', { dockerHost: docker.host })
    await docker.client.createContainer(
      createOptions(
        { image: MONGODB_IMAGE.name, containerPort: 27_017, port: 20_001 },
        'mongodb-1',
      ),
    )
    expect((await sweep()).ended).toEqual([
      expect.stringMatching(/^an engine \(container \w{12}\)$/),
    ])
    expect(await containersOf(cache)).toEqual([])
  })

  it('a container that no entry leads to is ended by a reset, and one of another cache is not', async () => {
    await using use = new AsyncDisposableStack()
    const other = await emptyCache(use)
    const spec = { image: MONGODB_IMAGE.name, containerPort: 27_017, port: 20_001 }
    await docker.client.createContainer(createOptions(spec, 'mongodb-other'))
    const cache = await emptyCache(use)
    await docker.client.createContainer(createOptions(spec, 'mongodb-lost'))
    expect((await sweep()).ended).toEqual([])
    expect((await sweep({ all: true })).ended).toEqual([
      expect.stringMatching(/\(container \w{12}\)$/),
    ])
    expect(await containersOf(cache)).toEqual([])
    expect(await containersOf(other)).toHaveLength(1)
  })

  it('MongoDB is labelled by what the server says, answers on this machine alone, and leaves nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const engine = use.use(await startMongo({ provider: 'docker' }))
    const said = await askItself(engine.uri)
    expect(engine.label).toMatchObject({ ...said, provider: 'docker' })
    expect(engine.label.standIn !== undefined).toBe(said.product !== 'MongoDB')
    const [stage1] = (await inspectMachine()).stages
    expect(stage1?.quick).toMatchObject({
      name: expect.stringContaining('in Docker'),
      standIn: said.product !== 'MongoDB',
    })
    const [container] = await containersOf(cache)
    expect(
      container?.Ports.filter(({ PublicPort }) => PublicPort !== undefined).map(({ IP }) => IP),
    ).toEqual(['127.0.0.1'])
    // Nothing runs beside it: what ends a container whose owner is killed is the sweep.
    expect(
      await docker.client.listContainers({ filters: { label: ['org.testcontainers=true'] } }),
    ).toEqual([])
    await engine.stop()
    expect(await containersOf(cache)).toEqual([])
  })

  it('a container that ends at start is told at once, with its last words', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const run = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(run)
    const spec = { image: MONGODB_IMAGE.name, command: ['--nonsense'], containerPort: 27_017, port }
    const container = await startContainer(docker, spec, run)
    const waiting = waitForContainer(container, {
      product: 'MongoDB',
      port,
      timeoutMs: 60_000,
      onProgress: noProgress,
      probe: async () => {
        throw new Error('nothing')
      },
    })
    await expect(waiting).rejects.toMatchObject({
      code: 'ENGINE_DIED',
      message: expect.stringContaining('--nonsense'),
    })
    await container.stop()
    expect(await containersOf(cache)).toEqual([])
  })

  it('a container that never answers is told while one waits, and is named when the time is over', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const run = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(run)
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port },
      run,
    )
    use.defer(() => container.stop())
    const steps: string[] = []
    const options = {
      product: 'MongoDB',
      port,
      timeoutMs: 3_000,
      progressEveryMs: 500,
      onProgress: ({ text }: { text: string }) => steps.push(text),
    }
    const waiting = waitForContainer(container, {
      ...options,
      probe: () => Promise.reject(new Error('not yet')),
    })
    await expect(waiting).rejects.toMatchObject({
      code: 'ENGINE_NOT_READY',
      message: expect.stringContaining('not yet'),
    })
    expect(steps.length).toBeGreaterThan(1)
    expect(steps.at(-1)).toMatch(/^waiting for MongoDB in Docker since \d+ s: /)
  })

  it('refuses what a killed container cannot do, and stops one that somebody removed', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const run = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(run)
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port },
      run,
    )
    use.defer(() => container.stop())
    await container.kill()
    for (const act of [container.kill(), container.pause(), container.resume()])
      await expect(act).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
    const [{ Id: id } = { Id: '' }] = await docker.client.listContainers({
      all: true,
      filters: { label: [`${REGISTRATION_LABEL}=${run.id}`] },
    })
    await docker.client.getContainer(id).remove({ force: true, v: true })
    await container.stop()
    expect(container.state()).toBe('stopped')
  })

  it('a start that fails removes what it created', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const first = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(first)
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port },
      first,
    )
    use.defer(() => container.stop())
    await vi.waitFor(async () => expect(await isListening(port)).toBe(true), 30_000)
    const second = use.use(await register({ role: 'mongodb' }))
    await expect(
      startContainer(docker, { image: MONGODB_IMAGE.name, containerPort: 27_017, port }, second),
    ).rejects.toThrow(/port|address/)
    expect(await containersOf(cache)).toHaveLength(1)
  })

  it('an image that is missing is no image at once, and is named when it cannot be pulled', async () => {
    await using use = new AsyncDisposableStack()
    // Nothing listens at this registry.
    const image = { name: '127.0.0.1:1/none:1', size: 'nothing' }
    expect(await imageAvailable(image, 'quick')).toMatchObject({
      usable: false,
      why: expect.stringContaining(image.name),
      next: 'npx threshold prefetch',
    })
    expect(await imageAvailable(image, 'lab')).toEqual({ usable: true })
    const lines: string[] = []
    await expect(
      ensureImage(docker.client, image, ({ text }) => lines.push(text)),
    ).rejects.toMatchObject({
      code: 'NO_IMAGE',
      message: expect.stringMatching(
        /^the image 127\.0\.0\.1:1\/none:1 is missing and cannot be pulled: /,
      ),
    })
    expect(lines[0]).toContain(image.name)
    await expect(ensureImage(docker.client, MONGODB_IMAGE, noProgress)).resolves.toBeUndefined()
    setEnvironment(use, { DOCKER_HOST: 'unix:///nowhere/docker.sock' })
    expect(await imageAvailable(MONGODB_IMAGE, 'quick')).toMatchObject({ usable: false })
  })

  it('Threshold knows when it runs in a container beside its engines, whose ports it cannot reach', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const run = use.use(await register({ role: 'mongodb' }))
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port: await claimPort(run) },
      run,
    )
    use.defer(() => container.stop())
    const [{ Id: id } = { Id: '' }] = await docker.client.listContainers({
      filters: { label: [`${REGISTRATION_LABEL}=${run.id}`] },
    })
    const [marker, name] = [process.execPath, id.slice(0, 12)]
    expect(await isSiblingContainer(docker.client, { name, marker })).toBe(true)
    expect(await isSiblingContainer(docker.client, { name, marker: `${marker}/none` })).toBe(false)
    expect(await isSiblingContainer(docker.client, { name: 'ada', marker })).toBe(false)
  })

  it.runIf(allTests())(
    'Cassandra takes the collector, the cache and the haste that it is told, and answers CQL when it is there',
    async () => {
      await using use = new AsyncDisposableStack()
      const engine = use.use(
        await dedicatedCassandra({
          provider: 'docker',
          shortLived: true,
          cacheMb: 24,
          unsafeSystem: true,
        }),
      )
      const settings = await withCassandraClient(engine.uri, async (client) => {
        const { rows } = await client.execute('SELECT name, value FROM system_views.settings')
        const properties = await client.execute(
          'SELECT name, value FROM system_views.system_properties',
        )
        return new Map<string, string>(
          [...rows, ...properties.rows].map(({ name, value }) => [name, value]),
        )
      })
      expect(engine.limits().cacheBytes).toBe(24 * 1024 * 1024)
      expect(settings.get('file_cache_size')).toBe('56MiB')
      expect(settings.get('file_cache_enabled')).toBe('true')
      expect(settings.get('memtable_heap_space')).toBe('16MiB')
      expect(settings.get('commitlog_sync')).toBe('batch')
      expect(settings.get('cassandra.unsafesystem')).toBe('true')
      expect(engine.label.text).toMatch(/^Cassandra, 256 MB heap 5\.\d+\.\d+ \(docker\)$/)
      await engine.kill()
      await engine.restart()
      expect(
        await withCassandraClient(
          engine.uri,
          async (client) => (await client.execute('SELECT key FROM system.local')).rowLength,
        ),
      ).toBe(1)
    },
  )
})
