import { describe, expect, it } from 'vitest'
import { environmentOf } from '../src/cassandra/docker.ts'
import { createOptions } from '../src/docker/container.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from '../src/docker/labels.ts'
import { productOf } from '../src/mongodb/product.ts'
import { listEntries } from '../src/registry/registry.ts'
import { sweep } from '../src/registry/sweep.ts'
import { emptyCache, writeOrphan } from './helpers.ts'

describe('a container', () => {
  it('publishes its port on loopback only, and is labelled with its registration and cache', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const options = createOptions(
      { image: 'mongo', containerPort: 27_017, port: 20_001, environment: { A: 'b=c' } },
      'mongodb-1',
    )
    expect(options).toEqual({
      Image: 'mongo',
      Env: ['A=b=c'],
      Labels: { [REGISTRATION_LABEL]: 'mongodb-1', [CACHE_LABEL]: cache },
      ExposedPorts: { '27017/tcp': {} },
      HostConfig: { PortBindings: { '27017/tcp': [{ HostIp: '127.0.0.1', HostPort: '20001' }] } },
    })
  })

  it('runs Cassandra with exactly one garbage collector', () => {
    const flags = (options: Parameters<typeof environmentOf>[0]) =>
      environmentOf(options).JVM_EXTRA_OPTS?.split(' ') ?? []
    expect(flags({})).toContain('-XX:+UseG1GC')
    expect(flags({})).not.toContain('-XX:-UseG1GC')
    for (const collector of ['Serial', 'Parallel', 'Z', 'Shenandoah'] as const) {
      const collectorFlags = flags({ collector })
      expect(collectorFlags.indexOf('-XX:-UseG1GC')).toBeLessThan(
        collectorFlags.indexOf(`-XX:+Use${collector}GC`),
      )
      expect(collectorFlags.filter((flag) => /^-XX:\+Use\w+GC$/.test(flag))).toHaveLength(1)
      expect(collectorFlags).toContain('-XX:-UseG1GC')
    }
    expect(flags({ shortLived: true })).toEqual(
      expect.arrayContaining(['-XX:-UseG1GC', '-XX:+UseSerialGC']),
    )
  })
})

describe('the product that a server reports', () => {
  it.each([
    [{ version: '8.0.15' }, { setName: 'threshold' }, { product: 'MongoDB', version: '8.0.15' }],
    [
      { version: '8.2.11', secantusVersion: '0.7.0b3' },
      {},
      { product: 'SecantusDB', version: '0.7.0b3' },
    ],
    [{ version: '8.0.0' }, { setName: 'secantus' }, { product: 'SecantusDB', version: '8.0.0' }],
    [
      { version: '7.0.77', ferretdb: { version: 'v2.1.0' } },
      {},
      { product: 'FerretDB', version: 'v2.1.0' },
    ],
  ])('%j decides the label, not the tag of its image', (build, hello, product) => {
    expect(productOf(build, hello)).toEqual(product)
  })
})

describe('a sweep, if the Docker daemon does not answer', () => {
  it('reports how to remove the container, and keeps the entry until a reset', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await writeOrphan(cache, 'mongodb-1', { dockerHost: 'unix:///nowhere/docker.sock' })
    const problems = [
      expect.stringMatching(
        new RegExp(
          `an engine: the Docker daemon at unix:///nowhere.*label=${REGISTRATION_LABEL}=mongodb-1 `,
        ),
      ),
    ]
    expect((await sweep()).problems).toEqual(problems)
    expect((await listEntries()).entries.map(({ id }) => id)).toEqual(['mongodb-1'])
    expect((await sweep({ all: true })).problems).toEqual(problems)
    expect((await listEntries()).entries).toEqual([])
    expect((await sweep({ all: true })).problems).toEqual([])
  })
})
