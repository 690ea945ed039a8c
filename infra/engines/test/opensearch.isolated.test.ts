import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nativeOpenSearch } from '../src/opensearch/provider.ts'
import { startOpenSearch } from '../src/opensearch/start.ts'
import { isPortFree } from '../src/process/ports.ts'
import { allTests } from '../src/testing/index.ts'
import { emptyCache, setEnvironment } from './helpers.ts'
import { ask, countDocuments, storeDocuments } from './opensearch-client.ts'

describe.runIf(allTests())('OpenSearch as a local process', { timeout: 240_000 }, () => {
  it('keeps acknowledged documents over a kill and a pause, and leaves nothing', async () => {
    // The jars are in the shared cache; the process is registered there too.
    await using engine = await startOpenSearch({ provider: 'native' })
    expect(engine.label.text).toMatch(/^OpenSearch, 256 MB heap 2\.\d+\.\d+ \(native\)$/)
    await storeDocuments(engine.uri, 20)
    await engine.kill()
    expect(engine.state()).toBe('killed')
    await engine.restart()
    expect(await countDocuments(engine.uri)).toBe(20)
    await engine.pause()
    await expect(fetch(engine.uri, { signal: AbortSignal.timeout(500) })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await engine.resume()
    expect(await countDocuments(engine.uri)).toBe(20)
    // An index is not created by a write, which would guess its mapping.
    const { status } = await ask(engine.uri, '/unknown/_doc/1', { method: 'PUT', body: '{}' })
    expect(status).toBe(404)
    await engine.stop()
    expect(await isPortFree(Number(new URL(engine.uri).port))).toBe(true)
  })
})

describe('an external OpenSearch', () => {
  it('is asked with its user, whose password no error tells', async () => {
    await using use = new AsyncDisposableStack()
    let authorization: string | undefined
    const server = createServer((request, response) => {
      authorization = request.headers.authorization
      response.end(JSON.stringify({ version: { number: '2.19.6' } }))
    }).listen(0, '127.0.0.1')
    use.defer(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    setEnvironment(use, { THRESHOLD_OPENSEARCH_URI: `http://ada:s%40cret@127.0.0.1:${port}` })
    const engine = await startOpenSearch({ provider: 'external' })
    expect(engine.label.text).toBe('OpenSearch 2.19.6 (external)')
    expect(Buffer.from(authorization!.slice(6), 'base64').toString()).toBe('ada:s@cret')
    await expect(engine.kill()).rejects.toMatchObject({ code: 'ENGINE_NOT_OURS' })
    server.close()
    server.closeAllConnections()
    const error = await startOpenSearch({ provider: 'external' }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'NO_OPENSEARCH' })
    expect(String(error)).toContain(`127.0.0.1:${port}`)
    expect(String(error)).not.toContain('cret')
  })

  it.each(['no address', 'http://127.0.0.1:9200/path'])('is refused at %j', async (uri) => {
    await using use = new AsyncDisposableStack()
    setEnvironment(use, { THRESHOLD_OPENSEARCH_URI: uri })
    await expect(startOpenSearch({ provider: 'external' })).rejects.toMatchObject({
      code: 'NO_OPENSEARCH',
      message: expect.stringContaining('is not an address like https://host:9200'),
    })
  })
})

describe('OpenSearch without its jars and Maven', () => {
  it('says how to get them', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    setEnvironment(use, { PATH: '/usr/bin/none' })
    const answer = await nativeOpenSearch.available('lab')
    expect(answer).toMatchObject({ usable: false })
    expect(await readdir(join(cache, 'run')).catch(() => [])).toEqual([])
  })
})
