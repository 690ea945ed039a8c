import { fileURLToPath } from 'node:url'
import { type Cqlsh, childEnvironment, spawnRegistered } from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/** The resources that a program used from start to exit. */
export interface Metered {
  /** The output of both streams. */
  readonly output: string
  readonly cpuSeconds: number
  readonly seconds: number
}

export interface Program {
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  /** An exit code beside 0 that is not a failure. */
  readonly mayEndWith?: number
  /** Called with each line of either stream. */
  readonly onLine?: (line: string) => void
}

const METER = fileURLToPath(new URL('./meter.ts', import.meta.url))

/**
 * Starts cqlsh as a child and reads its CPU after it exits, since cqlsh copies by child processes.
 */
const PYTHON_METER = [
  'import os, resource, subprocess, sys',
  'code = subprocess.call(sys.argv[1:])',
  'used = resource.getrusage(resource.RUSAGE_CHILDREN)',
  'os.write(3, str(used.ru_utime + used.ru_stime).encode())',
  'sys.exit(code)',
].join('\n')

/** Runs a Node program and measures its CPU without a change to the program. */
export const meteredNode = ({ args, ...rest }: Program): Promise<Metered> =>
  meter(process.execPath, { args: ['--import', METER, ...args], ...rest })

export const meteredCqlsh = (
  { python, path }: Cqlsh,
  { args, ...rest }: Program,
): Promise<Metered> => meter(python, { args: ['-c', PYTHON_METER, python, path, ...args], ...rest })

/** Runs a program whose meter writes the CPU seconds to stream 3. */
async function meter(
  command: string,
  { args, env, mayEndWith = 0, onLine }: Program,
): Promise<Metered> {
  const began = performance.now()
  const { child, registration, closed } = await spawnRegistered({
    role: 'bench',
    group: true,
    onExit: 'kill',
    command,
    args,
    spawn: {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: childEnvironment(env),
    },
  })
  await using _ = registration
  let output = ''
  let used = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const line of text.split(/[\r\n]+/)) if (line !== '') onLine?.(line)
    })
  }
  child.stdio[3]!.on('data', (text: Buffer) => {
    used += String(text)
  })
  const { code, signal } = await closed
  if (code !== 0 && code !== mayEndWith)
    throw new CodedError(
      'BENCH_FAILED',
      `${args.join(' ')} ended with ${code ?? signal}\n${output.slice(-2_000)}`,
    )
  return { output, cpuSeconds: Number(used), seconds: (performance.now() - began) / 1_000 }
}
