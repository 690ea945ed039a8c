import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isPortFree } from '@threshold/engines'
import { killWithWatchers } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Cache,
  startCommand,
  temporaryCache,
  temporaryFolder,
  threshold,
  untilExited,
  untilReady,
} from './cli.ts'

let cache: Cache
beforeAll(async () => {
  cache = await temporaryCache()
  // Removes the output of earlier runs, such as a migration's checkpoints.
  await reset()
})
afterAll(() => cache[Symbol.asyncDispose]())

const reset = () => threshold(['reset', '--yes'], { env: cache.env })

describe('reset', () => {
  it('reports that there is nothing to do, and does so again', async () => {
    for (const _ of [1, 2])
      expect(await reset()).toMatchObject({
        code: 0,
        stdout: 'clean: there was nothing to end or remove\n',
      })
  })

  it('ends and removes everything that a stage leaves behind when it is killed together with its watcher', async () => {
    await using command = startCommand(['stage', '1'], { env: cache.env })
    const url = await untilReady(command)
    const left = [await cache.pidOf('stage'), await cache.pidOf('mongodb')]
    await killWithWatchers(await cache.pidOf('command'))
    await command.finished
    // The stage and its engine go on without the command.
    expect((await fetch(`${url}/readyz`)).status).toBe(200)

    const { code, stdout, stderr } = await reset()
    expect(stderr).toMatch(/^ended {4}stage 1, /m)
    expect(stdout).toMatch(/^2 ended, \d+ removed, no problems$/m)
    expect({
      code,
      left: await cache.registered(),
      free: await isPortFree(Number(new URL(url).port)),
    }).toEqual({ code: 0, left: [], free: true })
    await untilExited(...left)
    expect(await reset()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to end'),
    })
  })

  it('ends a stage that runs in another terminal, with its command', async () => {
    await using command = startCommand(['stage', '1'], { env: cache.env })
    await untilReady(command)
    const pids = [
      await cache.pidOf('stage'),
      await cache.pidOf('mongodb'),
      await cache.pidOf('command'),
    ]
    expect(await reset()).toMatchObject({ code: 0 })
    await command.finished
    await untilExited(...pids)
    expect(await cache.registered()).toEqual([])
  })

  it('clears a damaged registry', async () => {
    const runs = join(cache.path, 'run')
    await mkdir(join(runs, 'mongodb-0123456789ab', 'data'), { recursive: true })
    await writeFile(join(runs, 'stage-0123456789ab.json'), '{"v":1,')
    await writeFile(join(runs, `stage-0123456789ab.json.${2 ** 22 - 1}.draft`), '')
    expect(await reset()).toMatchObject({ code: 0 })
    expect(await cache.registered()).toEqual([])
  })

  it('removes the content of .threshold except the evidence and the progress', async () => {
    await using folder = await temporaryFolder()
    const output = join(folder.path, '.threshold')
    const [kept, removed] = [join(output, 'evidence', '1.1-x'), join(output, 'migrations')]
    for (const path of [kept, removed]) await mkdir(path, { recursive: true })
    const progress = join(output, 'progress.jsonl')
    await writeFile(progress, '{}')
    const env = { ...cache.env, THRESHOLD_OUTPUT: folder.path }
    const { code, stderr } = await threshold(['reset', '--yes'], { env })
    expect(stderr).toContain(`removed  ${removed}`)
    expect(code).toBe(0)
    expect([kept, progress, removed].map((path) => existsSync(path))).toEqual([true, true, false])
  })
})
