import { mkdir, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isInstalled, toolDir } from '../src/cache.ts'
import { withCassandraClient } from '../src/cassandra/address.ts'
import { findJava } from '../src/java.ts'
import { sweep } from '../src/registry/sweep.ts'
import { dedicatedCassandra } from '../src/testing/index.ts'
import { TOOLS } from '../src/versions.ts'
import { emptyCache, setEnvironment } from './helpers.ts'

const canRun = (await isInstalled(TOOLS.cassandra)) && (await findJava()).usable

describe.runIf(canRun)('Cassandra as a local process (skipped without its jars or Java 17)', () => {
  it('starts in a Turkish locale, from a path with special characters', async () => {
    await using use = new AsyncDisposableStack()
    const home = toolDir(TOOLS.cassandra)
    const cache = join(await emptyCache(use), `odd #1 %41 a=b,c 'd' ü`)
    await mkdir(cache)
    await symlink(home, join(cache, basename(home)))
    setEnvironment(use, {
      THRESHOLD_CACHE: cache,
      TMPDIR: '/nowhere',
      LC_ALL: 'tr_TR.UTF-8',
      JAVA_TOOL_OPTIONS: '-Duser.language=tr',
    })
    use.defer(async () => void (await sweep({ all: true, graceMs: 0 })))
    await using engine = await dedicatedCassandra({ provider: 'native', unsafeSystem: true })
    const rows = await withCassandraClient(engine.uri, (client) =>
      client.execute('SELECT cluster_name FROM system.local'),
    )
    expect(rows.first()?.get('cluster_name')).toBe('threshold')
    const [node] = engine.nodes()
    expect(await node?.nodetool('status')).toMatch(/^UN /m)
    expect((await node?.pauses())?.length).toBeGreaterThan(0)
  })
})
