import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { installTool, isInstalled, toolDir } from '../src/cache.ts'
import { identify, isAlive } from '../src/process/identity.ts'
import { emptyCache, otherProcess } from './machine.ts'

const TOOL = { name: 'half', version: '1' }
const whole = async (dir: string): Promise<void> => await writeFile(join(dir, 'whole'), 'whole')

describe('a tool in the cache', () => {
  it('is installed once for all who ask at once, and not again', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const install = vi.fn(whole)
    const dirs = await Promise.all([1, 2, 3, 4].map(() => installTool(TOOL, install)))
    expect(new Set(dirs)).toEqual(new Set([toolDir(TOOL)]))
    await installTool(TOOL, install)
    expect(install).toHaveBeenCalledTimes(1)
    expect(await isInstalled(TOOL)).toBe(true)
  })

  it('is not there after an install that failed, nor is anything of it', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = installTool(TOOL, async (dir) => {
      await whole(dir)
      throw new Error('no network')
    })
    await expect(failing).rejects.toThrow('no network')
    expect(existsSync(toolDir(TOOL))).toBe(false)
    expect(await readFile(join(await installTool(TOOL, whole), 'whole'), 'utf8')).toBe('whole')
  })

  it('is redone after an install that was killed, and the program that still ran for it is ended', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const installer = await otherProcess(use, 'installer.ts')
    const builder = await identify(Number(installer.said))
    expect(builder).toBeDefined()
    installer.kill('SIGKILL')
    await installer.ended
    expect(await readdir(toolDir(TOOL))).toEqual(['half'])
    expect(await isInstalled(TOOL)).toBe(false)
    expect(await isAlive(builder!)).toBe(true)

    const dir = await installTool(TOOL, whole)
    expect((await readdir(dir)).filter((name) => !name.startsWith('.'))).toEqual(['whole'])
    expect(await isInstalled(TOOL)).toBe(true)
    expect(await isAlive(builder!)).toBe(false)
  })

  it.each([
    ['was cut short', '{"v":1,"name":"half","ver'],
    ['is of another version', '{"v":1,"name":"half","version":"2"}'],
    ['is empty', ''],
  ])('is not whole when its marker %s', async (_what, marker) => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const dir = await installTool(TOOL, whole)
    const [file] = (await readdir(dir)).filter((name) => name.startsWith('.'))
    await writeFile(join(dir, file!), marker)
    expect(await isInstalled(TOOL)).toBe(false)
    const again = vi.fn(whole)
    await installTool(TOOL, again)
    expect(again).toHaveBeenCalledTimes(1)
    expect(await isInstalled(TOOL)).toBe(true)
  })
})
