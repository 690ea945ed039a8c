import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { checkToolSpace, installTool, isInstalled, markInstalled, toolDir } from '../src/cache.ts'
import { emptyCache } from './helpers.ts'

describe('a tool in the cache that no longer runs', () => {
  const tool = { name: 'engine', version: '1', check: ['bin/program', '--version'] }
  const put = async (dir: string, program: string): Promise<void> => {
    await mkdir(join(dir, 'bin'), { recursive: true })
    await writeFile(join(dir, 'bin', 'program'), program, { mode: 0o755 })
  }
  const works = (dir: string) => put(dir, '#!/bin/sh\nexit 0\n')

  it.each([
    ['fails', '#!/bin/sh\nexit 1\n'],
    ['has lost its interpreter', '#!/nowhere/python\n'],
    ['is for another machine', '\x7fELF'],
  ])('because it %s, is installed again', async (_title, program) => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await put(toolDir(tool), program)
    await markInstalled(tool)
    expect(await isInstalled(tool)).toBe(false)
    const install = vi.fn(works)
    await installTool(tool, install)
    expect(install).toHaveBeenCalledTimes(1)
    expect(await isInstalled(tool)).toBe(true)
  })

  it('is not installed if it does not run after its installation either', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = installTool(tool, (dir) => put(dir, '#!/bin/sh\nexit 1\n'))
    await expect(failing).rejects.toMatchObject({
      code: 'TOOL_DOES_NOT_RUN',
      next: expect.stringMatching(/./),
    })
    expect(await isInstalled(tool)).toBe(false)
  })

  it('needs disk space for its installation, and then only for its data', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const large = { ...tool, installMb: 1_000_000_000 }
    expect(await checkToolSpace(large, 1)).toMatchObject({
      usable: false,
      why: expect.stringMatching(/needs 1000000001 MB, and \d+ MB are left/),
    })
    await expect(installTool(large, works)).rejects.toMatchObject({ code: 'DISK_FULL' })
    await installTool(tool, works)
    expect(await checkToolSpace(large, 1)).toEqual({ usable: true })
  })

  it('reports a full disk if its installer met one', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = installTool(tool, () =>
      Promise.reject(new Error('pip failed\nOSError: [Errno 28] No space left on device')),
    )
    await expect(failing).rejects.toMatchObject({
      code: 'DISK_FULL',
      next: expect.stringContaining('THRESHOLD_CACHE'),
    })
  })
})
