import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface NoNetwork extends AsyncDisposable {
  /** The environment of a process that must not reach other machines. */
  readonly env: Record<string, string>
  /** The addresses that the process has tried to reach. */
  attempts(): Promise<string[]>
}

export async function noNetwork(): Promise<NoNetwork> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'threshold-site-'))
  const log = path.join(scratch, 'connections')
  return {
    env: {
      NODE_OPTIONS: `--require ${JSON.stringify(path.join(import.meta.dirname, 'no-network.cjs'))}`,
      THRESHOLD_CONNECTIONS: log,
    },
    attempts: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').filter(Boolean),
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true }),
  }
}
