import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import path from 'node:path'

const GUARD = path.join(import.meta.dirname, 'no-network.cjs')

export interface Built {
  readonly code: number | null
  readonly output: string
  /** What it tried to reach, and was refused. */
  readonly reached: readonly string[]
}

/** Runs node with its network taken away. A child of a child has none either. */
export async function withoutNetwork(args: readonly string[], options: { cwd: string; scratch: string }): Promise<Built> {
  const connections = path.join(options.scratch, 'connections')
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: {
      ...process.env,
      // The test runner's own would make Docusaurus build for tests.
      NODE_ENV: 'production',
      NODE_OPTIONS: `--require ${JSON.stringify(GUARD)}`,
      THRESHOLD_CONNECTIONS: connections,
      CI: 'true',
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // A build takes all the cores there are; the suites beside it have timings to keep.
  if (child.pid !== undefined) setPriority(child.pid, 10)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  const reached = await readFile(connections, 'utf8').catch(() => '')
  return { code, output, reached: reached.split('\n').filter(Boolean) }
}
