import { describe, expect, it, vi } from 'vitest'
import { createOptions, startContainer } from '../src/docker/container.ts'
import { type FoundDocker, findDocker } from '../src/docker/find.ts'
import { hasImage } from '../src/docker/image.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from '../src/docker/labels.ts'
import { waitForContainer } from '../src/docker/ready.ts'
import { isListening } from '../src/process/ports.ts'
import { noProgress } from '../src/progress.ts'
import { claimPort } from '../src/registry/claim-port.ts'
import { listEntries, register } from '../src/registry/registry.ts'
import { sweep } from '../src/registry/sweep.ts'
import { CASSANDRA_IMAGE, MONGODB_IMAGE } from '../src/versions.ts'
import { emptyCache, startScript, writeOrphan } from './helpers.ts'

const found: FoundDocker = await findDocker()
const images =
  found.usable &&
  (await hasImage(found.client, MONGODB_IMAGE.name)) &&
  (await hasImage(found.client, CASSANDRA_IMAGE.name))
const docker = found as Extract<FoundDocker, { usable: true }>

const containersOf = (cache: string) =>
  docker.client.listContainers({ all: true, filters: { label: [`${CACHE_LABEL}=${cache}`] } })

describe.skipIf(!images)('a container (skipped without Docker or its images)', () => {
  it.each(['created', 'running'])(
    'is ended by the watcher if its owner is killed when it is %s',
    async (moment) => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const owner = await startScript(use, 'docker-owner.ts')
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
      await owner.exited
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

  it('is found by its label if its id was not registered', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await writeOrphan(cache, 'mongodb-1', { dockerHost: docker.host })
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

  it('is removed by a reset if it is not registered, but not one of another cache', async () => {
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

  it('that exits at start is reported at once with its output', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const registration = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(registration)
    const spec = { image: MONGODB_IMAGE.name, command: ['--nonsense'], containerPort: 27_017, port }
    const container = await startContainer(docker, spec, registration)
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

  it('that never answers is reported while it waits and after the time limit', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const registration = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(registration)
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port },
      registration,
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
    expect(steps.at(-1)).toMatch(/^waiting for MongoDB in Docker for \d+ s: /)
  })

  it('refuses controls after a kill, and stops even if it was removed', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const registration = use.use(await register({ role: 'mongodb' }))
    const port = await claimPort(registration)
    const container = await startContainer(
      docker,
      { image: MONGODB_IMAGE.name, containerPort: 27_017, port },
      registration,
    )
    use.defer(() => container.stop())
    await container.kill()
    for (const act of [container.kill(), container.pause(), container.resume()])
      await expect(act).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
    const [{ Id: id } = { Id: '' }] = await docker.client.listContainers({
      all: true,
      filters: { label: [`${REGISTRATION_LABEL}=${registration.id}`] },
    })
    await docker.client.getContainer(id).remove({ force: true, v: true })
    await container.stop()
    expect(container.state()).toBe('stopped')
  })

  it('is removed if its start fails', async () => {
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
})
