import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { OnProgress } from './progress.ts'

const POLL_MS = 1_000

const lockfileSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      link: z.boolean().optional(),
      os: z.array(z.string()).optional(),
      cpu: z.array(z.string()).optional(),
    }),
  ),
})

/**
 * Counts the packages that an `npm ci` has unpacked so far, until it is disposed of. npm reports no
 * progress itself where stderr is no terminal. Packages for other systems do not count.
 */
export function watchNpmCi(dir: string, text: string, onProgress: OnProgress): Disposable {
  let paths: string[] | undefined
  const count = async (): Promise<void> => {
    paths ??= await expectedPaths(dir)
    const done = paths.filter((path) => existsSync(join(dir, path, 'package.json'))).length
    if (done > 0) onProgress({ text: `${text}, packages`, done, total: paths.length })
  }
  // Progress is not worth a failure. The lockfile is npm's to complain about.
  const timer = setInterval(() => void count().catch(() => {}), POLL_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function expectedPaths(dir: string): Promise<string[]> {
  const json: unknown = JSON.parse(await readFile(join(dir, 'package-lock.json'), 'utf8'))
  return Object.entries(lockfileSchema.parse(json).packages).flatMap(([path, entry]) => {
    const { link = false, os = [process.platform], cpu = [process.arch] } = entry
    const isHere = os.includes(process.platform) && cpu.includes(process.arch)
    return path.includes('node_modules/') && !link && isHere ? [path] : []
  })
}
