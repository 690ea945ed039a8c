import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { installTool } from '../src/cache.ts'
import { formatDoctor } from '../src/doctor/format.ts'
import { inspectMachine } from '../src/doctor/inspect.ts'
import { withLock } from '../src/lock.ts'
import { register } from '../src/registry/registry.ts'
import { emptyCache, hasNamespaces, runOnSmallDisk, setEnvironment, tempFolder } from './helpers.ts'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** Uses a cache in a new process like every command, and returns the output. */
async function useCache(
  use: AsyncDisposableStack,
  cache: string,
  options: { uid?: number; mounts?: string } = {},
): Promise<string> {
  const script = fileURLToPath(new URL('./processes/cache-user.ts', import.meta.url))
  const bin = await tempFolder(use)
  await chmod(bin, 0o755)
  const node = join(bin, 'node')
  await link(process.execPath, node).catch(() => cp(process.execPath, node))
  const under =
    options.mounts === undefined
      ? []
      : ['unshare', '--mount', 'sh', '-c', `${options.mounts} && exec "$@"`, 'sh']
  const [program = '', ...args] = [...under, node, script]
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const child = spawn(program, args, {
    env: { ...process.env, THRESHOLD_CACHE: cache },
    ...user,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return stdout + stderr
}

describe('a cache that cannot be used', () => {
  it.each([
    ['a file', 'file', /: it is a file \(EEXIST\)$/],
    ['below a file', 'file/cache', /ENOTDIR/],
    ['a link to nowhere', 'link', /EEXIST|ENOTDIR/],
    ['a path that is too long', 'x'.repeat(300), /the path is too long/],
    ['a path with a colon', 'a:b', /its path contains a colon$/],
  ])('is reported in one line: %s', async (_title, name, why) => {
    await using use = new AsyncDisposableStack()
    const dir = await tempFolder(use)
    await writeFile(join(dir, 'file'), '')
    await symlink('/dev/null/no', join(dir, 'link'))
    setEnvironment(use, { THRESHOLD_CACHE: join(dir, name) })
    const rejection = {
      code: 'CACHE_UNUSABLE',
      next: expect.stringContaining('THRESHOLD_CACHE'),
      message: expect.stringMatching(why),
    }
    await expect(register({ role: 'test' })).rejects.toMatchObject(rejection)
    await expect(withLock('test', {}, async () => 'done')).rejects.toMatchObject(rejection)
    await expect(installTool({ name: 'tool', version: '1' }, async () => {})).rejects.toMatchObject(
      rejection,
    )
    const report = await inspectMachine()
    expect(report.status).toBe('cannot')
    expect(formatDoctor(report)).toMatch(/✗ disk \(cache\) .* cannot be used: /)
  })

  it.runIf(isRoot).each([
    ['that belongs to root', []],
    ['with a registry that belongs to root', ['run']],
    ['with a lock folder that belongs to root', ['locks']],
  ])('%s is reported to another user (needs root)', async (_title, folders) => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    for (const name of folders) await mkdir(join(cache, name))
    await (folders.length === 0 ? chmod(cache, 0o755) : chown(cache, NOBODY, NOBODY))
    const at = join(cache, ...folders)
    const output = await useCache(use, cache, { uid: NOBODY })
    expect(output).toBe(
      `CACHE_UNUSABLE: the cache folder ${at} cannot be used: permission denied (EACCES), it belongs to user 0\n`,
    )
  })

  it.runIf(isRoot)(
    'with a lock that belongs to root is reported to another user (needs root)',
    async () => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      await withLock('test', {}, async () => {})
      execFileSync('chown', [String(NOBODY), cache, join(cache, 'locks')])
      const output = await useCache(use, cache, { uid: NOBODY })
      expect(output).toMatch(/^CACHE_UNUSABLE: the lock \S+\/test\.lock cannot be used: .*\n$/)
    },
  )

  it.runIf(hasNamespaces)(
    'on a read-only file system is reported (needs mount namespaces)',
    async () => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const output = await useCache(use, cache, {
        mounts: `mount --bind ${cache} ${cache} && mount -o remount,ro,bind ${cache}`,
      })
      expect(output).toMatch(/^CACHE_UNUSABLE: .*the file system is read-only \(EROFS\)\n$/)
    },
  )

  it.runIf(hasNamespaces)(
    'on a disk with 40 MB left is reported (needs mount namespaces)',
    async () => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const output = await useCache(use, cache, {
        mounts: `mount -t tmpfs -o size=40m none ${cache}`,
      })
      expect(output).toMatch(
        /^DISK_FULL: the disk is full: installing tool 1 needs 60 MB, and [34]\d MB are left in \S+\n$/,
      )
    },
  )
  it.runIf(hasNamespaces)(
    'on a disk with 40 MB left makes the doctor reject stage 1 (needs mount namespaces)',
    async () => {
      await using use = new AsyncDisposableStack()
      const output = await runOnSmallDisk(use, 40, 'doctor.ts')
      expect(output).toContain('✗ stage 1')
      expect(output).toMatch(
        /: the disk is full: secantusdb-py \S+ needs \d+ MB, and [34]\d MB are/,
      )
      expect(output).not.toContain('Everything runs')
    },
  )
})
