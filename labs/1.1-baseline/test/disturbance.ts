import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cacheDir } from '@threshold/engines'

/** Starts busy programs. They end when the result is disposed of. */
export async function burnAllCores(perCore = 2): Promise<AsyncDisposable> {
  const burners = Array.from({ length: perCore * availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' }),
  )
  await Promise.all(burners.map((burner) => once(burner, 'spawn')))
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(
        burners.map(async (burner) => {
          burner.kill('SIGKILL')
          await once(burner, 'exit')
        }),
      )
    },
  }
}

interface Entry {
  readonly role: string
  readonly owner: { readonly pid: number }
  readonly process?: { readonly pid: number; readonly start: string }
  readonly ports: readonly number[]
}

/** Reads the registered processes, as a sweep does. */
export function entriesIn(dir: string): Entry[] {
  return readdirSync(join(dir, 'run'))
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(dir, 'run', name), 'utf8')) as Entry]
      } catch {
        return [] // the process was deregistered after the directory was listed
      }
    })
}

/** Process ids with this role that this process started. */
export const ownProcesses = (role: string): number[] =>
  entriesIn(cacheDir())
    .filter((entry) => entry.role === role && entry.owner.pid === process.pid)
    .flatMap((entry) => entry.process?.pid ?? [])
