import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface NoNetwork extends AsyncDisposable {
  /** For whatever shall have no other machine but this one. */
  readonly env: Record<string, string>
  /** What it tried to reach all the same. */
  reached(): Promise<string[]>
}

export async function noNetwork(): Promise<NoNetwork> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'threshold-site-'))
  const log = path.join(scratch, 'connections')
  return {
    env: {
      NODE_OPTIONS: `--require ${JSON.stringify(path.join(import.meta.dirname, 'no-network.cjs'))}`,
      THRESHOLD_CONNECTIONS: log,
    },
    reached: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n').filter(Boolean),
    [Symbol.asyncDispose]: () => rm(scratch, { recursive: true, force: true }),
  }
}
