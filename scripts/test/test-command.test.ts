import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, setPriority } from 'node:os'
import { join } from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Cache,
  type Folder,
  startCommand,
  temporaryCache,
  temporaryFolder,
  threshold,
  untilExited,
} from './cli.ts'

let cache: Cache
let suite: Folder
beforeEach(async () => {
  cache = await temporaryCache()
  suite = await temporaryFolder()
})
afterEach(async () => {
  await suite[Symbol.asyncDispose]()
  await cache[Symbol.asyncDispose]()
})

/**
 * Writes a suite outside this repository and returns the arguments that run it. vitest's functions
 * are globals, because no packages are installed there.
 */
async function writeSuite(files: Record<string, string>): Promise<string[]> {
  await mkdir(join(suite.path, 'test'))
  for (const [name, text] of Object.entries(files))
    await writeFile(join(suite.path, 'test', name), text)
  return ['test', '--root', suite.path, '--globals']
}

const lastLine = (text: string): string | undefined => text.trimEnd().split('\n').at(-1)

describe('test', { timeout: 120_000 }, () => {
  it('ends with a line of counts, and exits with 0 when all tests pass', async () => {
    const args = await writeSuite({
      'good.test.ts':
        "it('a', () => {})\nit('b', () => {})\nit.skip('c, which needs a server', () => {})\n",
    })
    const { code, stdout, stderr } = await threshold(args, { env: cache.env })
    expect(lastLine(stdout), stderr).toBe('2 passed, 0 failed, 1 skipped')
    expect({ code, left: await cache.registered() }).toEqual({ code: 0, left: [] })
  })

  it('counts failures, including a file that does not load, and exits with 1', async () => {
    const args = await writeSuite({
      'bad.test.ts': "it('a', () => {})\nit('b', () => expect(1).toBe(2))\n",
      'broken.test.ts': "import './not-there.ts'\nit('c', () => {})\n",
    })
    const { code, stdout } = await threshold(args, { env: cache.env })
    expect(lastLine(stdout)).toBe('1 passed, 2 failed')
    expect(code).toBe(1)
  })

  it.runIf(allTests())("forwards vitest's own options", async () => {
    const args = await writeSuite({
      'good.test.ts': "it('apples', () => {})\nit('pears', () => expect(1).toBe(2))\n",
    })
    const { code, stdout } = await threshold([...args, '-t', 'apples'], { env: cache.env })
    expect(lastLine(stdout)).toBe('1 passed, 0 failed, 1 skipped')
    expect(code).toBe(0)
  })

  it('sets THRESHOLD_TEST_ALL with --all', async () => {
    const args = await writeSuite({
      'all.test.ts': "it('is set', () => expect(process.env.THRESHOLD_TEST_ALL).toBe('1'))\n",
    })
    expect((await threshold([...args, '--all'], { env: cache.env })).code).toBe(0)
    expect((await threshold(args, { env: { ...cache.env, THRESHOLD_TEST_ALL: '' } })).code).toBe(1)
  })

  it('names a file that passes on a rerun as flaky, and still fails', async () => {
    const marker = join(suite.path, 'marker')
    const args = await writeSuite({
      'good.test.ts': "it('a', () => {})\n",
      'flaky.test.ts': `it('b', async () => {
        const { access, writeFile } = await import('node:fs/promises')
        const again = await access('${marker}').then(() => true, () => false)
        await writeFile('${marker}', '')
        expect(again).toBe(true)
      })\n`,
    })
    const { code, stdout } = await threshold([...args, '--rerun-failed'], { env: cache.env })
    expect(stdout).toMatch(
      /^flaky: .*flaky\.test\.ts failed among the others and passed by itself$/m,
    )
    expect(stdout).toMatch(/^1 flaky$/m)
    expect({ code, last: lastLine(stdout) }).toEqual({ code: 1, last: '1 passed, 1 failed' })
  })

  it('reports that no test was flaky', async () => {
    const args = await writeSuite({ 'good.test.ts': "it('a', () => {})\n" })
    const { code, stdout } = await threshold([...args, '--rerun-failed'], { env: cache.env })
    expect(stdout).toMatch(/^0 flaky$/m)
    expect({ code, last: lastLine(stdout) }).toEqual({ code: 0, last: '1 passed, 0 failed' })
  })

  it.runIf(allTests())('reruns a few failed files, but not many', async () => {
    const bad = "it('is bad', () => expect(1).toBe(2))\n"
    const args = await writeSuite({ 'bad.test.ts': bad })
    const twice = await threshold([...args, '--rerun-failed'], { env: cache.env })
    expect({ code: twice.code, last: lastLine(twice.stdout) }).toEqual({
      code: 1,
      last: '0 passed, 1 failed',
    })
    expect(twice.stdout).toContain('once more')
    for (const name of ['b', 'c', 'd'])
      await writeFile(join(suite.path, 'test', `${name}.test.ts`), bad)
    const many = await threshold([...args, '--rerun-failed'], { env: cache.env })
    expect({ code: many.code, last: lastLine(many.stdout) }).toEqual({
      code: 1,
      last: '0 passed, 4 failed',
    })
    expect(many.stdout).not.toContain('once more')
  })

  it('reports a busy machine as a possible reason for failures', async () => {
    const others = Array.from({ length: availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;) ;'], { stdio: 'ignore' }),
    )
    // The lowest priority leaves the CPU to the tests that run beside this one.
    for (const { pid } of others) if (pid !== undefined) setPriority(pid, 19)
    try {
      const args = await writeSuite({ 'bad.test.ts': "it('is bad', () => expect(1).toBe(2))\n" })
      const { stdout } = await threshold(args, { env: cache.env })
      expect(stdout).toMatch(/^this machine is busy: other programs use \d+% of its \d+ cores/m)
      expect(stdout).toMatch(/^TOO_BUSY: .*\n.*end other programs/m)
    } finally {
      for (const other of others) other.kill('SIGKILL')
    }
  })

  it('fails when it finds no test', async () => {
    const { code } = await threshold(await writeSuite({}), { env: cache.env })
    expect(code).toBe(1)
  })

  it('leaves nothing behind when interrupted', async () => {
    const args = await writeSuite({
      'slow.test.ts':
        "it('waits', async () => {\n  console.log('it began')\n  await new Promise(() => {})\n}, 600_000)\n",
    })
    await using command = startCommand([...args, '--disable-console-intercept'], { env: cache.env })
    await vi.waitFor(() => expect(command.stdout()).toContain('it began'), { timeout: 60_000 })
    const vitest = await cache.pidOf('tests')
    command.child.kill('SIGTERM')
    expect((await command.finished).code).toBe(143)
    await untilExited(vitest)
    expect(await cache.registered()).toEqual([])
  })
})
