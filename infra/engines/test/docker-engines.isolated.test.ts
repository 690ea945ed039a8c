import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { withCassandraClient } from '../src/cassandra/address.ts'
import { startContainer } from '../src/docker/container.ts'
import { type FoundDocker, findDocker, isSiblingContainer } from '../src/docker/find.ts'
import { ensureImage, hasImage, imageAvailable } from '../src/docker/image.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from '../src/docker/labels.ts'
import { inspectMachine } from '../src/doctor/inspect.ts'
import { productOf } from '../src/mongodb/product.ts'
import { startMongo } from '../src/mongodb/start.ts'
import { parseNatsUri } from '../src/nats/address.ts'
import { startNats } from '../src/nats/start.ts'
import { startOpenSearch } from '../src/opensearch/start.ts'
import { noProgress } from '../src/progress.ts'
import { claimPort } from '../src/registry/claim-port.ts'
import { register } from '../src/registry/registry.ts'
import { allTests, dedicatedCassandra } from '../src/testing/index.ts'
import { CASSANDRA_IMAGE, MONGODB_IMAGE, NATS_IMAGE, OPENSEARCH_IMAGE } from '../src/versions.ts'
import { emptyCache, setEnvironment } from './helpers.ts'
import { addStream, clientOf, numbersOf, publish } from './nats-client.ts'
import { countDocuments, storeDocuments } from './opensearch-client.ts'

const found: FoundDocker = await findDocker()
const images =
  found.usable &&
  (await hasImage(found.client, MONGODB_IMAGE.name)) &&
  (await hasImage(found.client, CASSANDRA_IMAGE.name))
const natsImage = found.usable && (await hasImage(found.client, NATS_IMAGE.name))
const openSearchImage = found.usable && (await hasImage(found.client, OPENSEARCH_IMAGE.name))
const docker = found as Extract<FoundDocker, { usable: true }>

const containersOf = (cache: string) =>
  docker.client.listContainers({ all: true, filters: { label: [`${CACHE_LABEL}=${cache}`] } })

/** Asks the server for its product with a separate driver. */
async function askProduct(uri: string) {
  const client = new MongoClient(uri)
  try {
    const admin = client.db('admin')
    return productOf(await admin.command({ buildInfo: 1 }), await admin.command({ hello: 1 }))
  } finally {
    await client.close(true)
  }
}

describe.skipIf(!images)('Docker (skipped without it or its images)', () => {
  it('runs MongoDB with the label of its server, on loopback only, and leaves nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const engine = use.use(await startMongo({ provider: 'docker' }))
    const product = await askProduct(engine.uri)
    expect(engine.label).toMatchObject({ ...product, provider: 'docker' })
    expect(engine.label.standIn !== undefined).toBe(product.product !== 'MongoDB')
    const [stage1] = (await inspectMachine()).stages
    expect(stage1?.quick).toMatchObject({
      name: expect.stringContaining('in Docker'),
      standIn: product.product !== 'MongoDB',
    })
    const [container] = await containersOf(cache)
    expect(
      container?.Ports.filter(({ PublicPort }) => PublicPort !== undefined).map(({ IP }) => IP),
    ).toEqual(['127.0.0.1'])
    // No testcontainers reaper runs: the sweep ends orphaned containers.
    expect(
      await docker.client.listContainers({ filters: { label: ['org.testcontainers=true'] } }),
    ).toEqual([])
    await engine.stop()
    expect(await containersOf(cache)).toEqual([])
  })

  it('reports a missing image, and names one that cannot be pulled', async () => {
    await using use = new AsyncDisposableStack()
    // No registry listens at this address.
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

  it('recognizes that Threshold itself runs in a sibling container', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const registration = use.use(await register({ role: 'mongodb' }))
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port: await claimPort(registration) },
      registration,
    )
    use.defer(() => container.stop())
    const [{ Id: id } = { Id: '' }] = await docker.client.listContainers({
      filters: { label: [`${REGISTRATION_LABEL}=${registration.id}`] },
    })
    const [marker, name] = [process.execPath, id.slice(0, 12)]
    expect(await isSiblingContainer(docker.client, { name, marker })).toBe(true)
    expect(await isSiblingContainer(docker.client, { name, marker: `${marker}/none` })).toBe(false)
    expect(await isSiblingContainer(docker.client, { name: 'ada', marker })).toBe(false)
  })

  it.runIf(allTests())(
    'starts Cassandra with the given collector, cache and options, and answers CQL',
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

describe.skipIf(!natsImage)('NATS in Docker (skipped without Docker or its image)', () => {
  it('keeps acknowledged messages over a kill, its secret out of view, and leaves nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const engine = use.use(await startNats({ provider: 'docker' }))
    expect(engine.label.text).toMatch(/^NATS 2\.\d+\.\d+ \(docker\)$/)
    await addStream(await clientOf(use, engine.uri), 'kept')
    await publish(await clientOf(use, engine.uri), 'kept', 1, 50)
    await engine.kill()
    await engine.restart()
    expect(await numbersOf(await clientOf(use, engine.uri), 'kept')).toHaveLength(50)
    const [container] = await containersOf(cache)
    const facts = await docker.client.getContainer(container!.Id).inspect()
    expect(JSON.stringify(facts)).not.toContain(parseNatsUri(engine.uri).pass)
    expect(container?.Ports.flatMap(({ IP }) => (IP === undefined ? [] : [IP]))).toEqual([
      '127.0.0.1',
    ])
    await expect(startNats({ provider: 'docker', servers: 3 })).rejects.toMatchObject({
      code: 'ENGINE_CANNOT_SCALE',
    })
    await engine.stop()
    expect(await containersOf(cache)).toEqual([])
    expect(await readdir(join(cache, 'run'))).toEqual([])
  })
})

describe.skipIf(!openSearchImage)('OpenSearch in Docker (skipped without its image)', () => {
  it('keeps acknowledged documents over a kill, on loopback only, and leaves nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const engine = use.use(await startOpenSearch({ provider: 'docker' }))
    expect(engine.label.text).toMatch(/^OpenSearch, 256 MB heap 2\.\d+\.\d+ \(docker\)$/)
    await storeDocuments(engine.uri, 20)
    await engine.kill()
    await engine.restart()
    expect(await countDocuments(engine.uri)).toBe(20)
    const [container] = await containersOf(cache)
    const addresses = container?.Ports.flatMap(({ IP }) => (IP === undefined ? [] : [IP]))
    expect(addresses).toEqual(['127.0.0.1'])
    await engine.stop()
    expect(await containersOf(cache)).toEqual([])
    expect(await readdir(join(cache, 'run'))).toEqual([])
  })
})
