import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const REAL = fileURLToPath(new URL('../../src/migration/main.ts', import.meta.url))
const DYING = fileURLToPath(new URL('processes/dying-migrator.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

export interface MigratorProcess {
  /** Resolves when its output matches, or when it has ended. */
  printed(words: RegExp): Promise<void>
  readonly ended: Promise<Ended>
  kill(): void
}

/** Starts the migrator as a process, or the one that dies at a failpoint. */
export function startMigrator(
  env: Record<string, string>,
  args: readonly string[],
  dieAt?: string,
): MigratorProcess {
  const script = dieAt === undefined ? [REAL, ...args] : [DYING, ...args, dieAt]
  const child = spawn(process.execPath, script, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const waiting = new Set<{ readonly words: RegExp; done(): void }>()
  let over = false
  const printed = (words: RegExp): Promise<void> =>
    new Promise((done) => {
      if (over || words.test(output)) done()
      else waiting.add({ words, done })
    })
  const read = (text: string): void => {
    output += text
    for (const { words, done } of waiting) if (words.test(output)) done()
  }
  child.stdout.setEncoding('utf8').on('data', read)
  child.stderr.setEncoding('utf8').on('data', read)
  const ended = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    over = true
    for (const { done } of waiting) done()
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, output }
  })
  return { printed, ended, kill: () => void child.kill('SIGKILL') }
}
