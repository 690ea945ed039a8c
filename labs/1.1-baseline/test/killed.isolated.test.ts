import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheDir, isAlive, isPortFree } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { entriesIn } from './disturbance.ts'

const LAB = fileURLToPath(new URL('./lab-process.ts', import.meta.url))
const folders: string[] = []

afterEach(async () => {
  await Promise.all(folders.splice(0).map((dir) => rm(dir, { recursive: true, force: true })))
})

/**
 * Creates a cache with the tools of the real one but its own registry of processes, so that the
 * sweep does not touch other processes on this machine.
 */
async function ownCache(): Promise<string> {
  // Installs an engine if there is none.
  await using _ = await leaseDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'threshold-cache-'))
  folders.push(dir)
  const tools = (await readdir(cacheDir())).filter((name) => !['run', 'locks'].includes(name))
  await Promise.all(tools.map((name) => symlink(join(cacheDir(), name), join(dir, name))))
  await mkdir(join(dir, 'run'))
  return dir
}

describe('a lab that is killed', () => {
  it('leaves no process, port or file, and no partial report', async () => {
    const cache = await ownCache()
    const evidence = join(cache, 'evidence')
    const lab = spawn(process.execPath, [LAB, evidence], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, THRESHOLD_CACHE: cache, THRESHOLD_MONGODB_URI: '' },
    })
    let output = ''
    for await (const chunk of lab.stdout.setEncoding('utf8')) {
      output += chunk
      if (output.includes('load')) break
    }
    const left = entriesIn(cache)
    expect(left.map(({ role }) => role).sort()).toEqual(['generator', 'lab', 'mongodb', 'stage'])
    lab.kill('SIGKILL')
    await once(lab, 'exit')

    await vi.waitFor(
      async () => {
        for (const { process: identity } of left)
          expect(identity !== undefined && (await isAlive(identity))).toBe(false)
        for (const port of left.flatMap(({ ports }) => ports))
          expect(await isPortFree(port)).toBe(true)
        expect(await readdir(join(cache, 'run'))).toEqual([])
      },
      { timeout: 10_000, interval: 100 },
    )
    expect(await readdir(evidence).catch(() => [])).toEqual([])
  })
})
