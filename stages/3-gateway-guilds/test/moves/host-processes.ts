import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Cluster } from './cluster.ts'

const SCRIPT = fileURLToPath(new URL('host-process.ts', import.meta.url))

export interface HostProcess {
  /** The partitions that it owned when it last said so. */
  owned(): number[]
  signal(signal: NodeJS.Signals): void
  readonly exited: Promise<unknown[]>
}

/** A guild host in a process of its own. Disposing `use` ends it. */
export function startHostProcess(
  use: AsyncDisposableStack,
  { nats, mongoUri }: Cluster,
  maxMemoryMb = 1_024,
): HostProcess {
  const args = [SCRIPT, JSON.stringify(nats), mongoUri, String(maxMemoryMb)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  use.defer(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let owned: number[] = []
  createInterface(child.stdout).on('line', (line) => {
    owned = JSON.parse(line) as number[]
  })
  void exited.then(() => {
    owned = []
  })
  return { owned: () => owned, signal: (signal) => void child.kill(signal), exited }
}
