import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { installTool, isInstalled, toolDir } from '../src/cache.ts'
import { identify, isAlive } from '../src/process/identity.ts'
import { emptyCache, startScript } from './helpers.ts'

const TOOL = { name: 'half', version: '1' }
const complete = async (dir: string): Promise<void> =>
  await writeFile(join(dir, 'complete'), 'complete')

describe('a tool in the cache', () => {
  it('is installed once for concurrent callers, and not again', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const install = vi.fn(complete)
    const dirs = await Promise.all([1, 2, 3, 4].map(() => installTool(TOOL, install)))
    expect(new Set(dirs)).toEqual(new Set([toolDir(TOOL)]))
    await installTool(TOOL, install)
    expect(install).toHaveBeenCalledTimes(1)
    expect(await isInstalled(TOOL)).toBe(true)
  })

  it('is removed completely after a failed install', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = installTool(TOOL, async (dir) => {
      await complete(dir)
      throw new Error('no network')
    })
    await expect(failing).rejects.toThrow('no network')
    expect(existsSync(toolDir(TOOL))).toBe(false)
    expect(await readFile(join(await installTool(TOOL, complete), 'complete'), 'utf8')).toBe(
      'complete',
    )
  })

  it('is installed again after a killed install, whose program is ended first', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const installer = await startScript(use, 'installer.ts')
    const builder = await identify(Number(installer.firstLine))
    expect(builder).toBeDefined()
    installer.kill('SIGKILL')
    await installer.exited
    expect(await readdir(toolDir(TOOL))).toEqual(['half'])
    expect(await isInstalled(TOOL)).toBe(false)
    expect(await isAlive(builder!)).toBe(true)

    const dir = await installTool(TOOL, complete)
    expect((await readdir(dir)).filter((name) => !name.startsWith('.'))).toEqual(['complete'])
    expect(await isInstalled(TOOL)).toBe(true)
    expect(await isAlive(builder!)).toBe(false)
  })

  it.each([
    ['is truncated', '{"v":1,"name":"half","ver'],
    ['has another version', '{"v":1,"name":"half","version":"2"}'],
    ['is empty', ''],
  ])('is not complete if its marker %s', async (_what, marker) => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const dir = await installTool(TOOL, complete)
    const [file] = (await readdir(dir)).filter((name) => name.startsWith('.'))
    await writeFile(join(dir, file!), marker)
    expect(await isInstalled(TOOL)).toBe(false)
    const again = vi.fn(complete)
    await installTool(TOOL, again)
    expect(again).toHaveBeenCalledTimes(1)
    expect(await isInstalled(TOOL)).toBe(true)
  })
})
