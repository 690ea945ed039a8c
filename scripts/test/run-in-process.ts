import { vi } from 'vitest'
import { run } from '../src/program.ts'
import type { Terminal } from '../src/terminal.ts'
import type { Finished } from './cli.ts'

/**
 * Runs a command line in this process, which is much faster than starting one. Only for commands
 * that start no processes. Other tests start the real command.
 */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  terminal?: Terminal,
): Promise<Finished> {
  const output = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      output[name] += String(text)
      return true
    }),
  )
  // The worker loads modules over this channel and would exit while it waits for one.
  const channel = process.channel && vi.spyOn(process.channel, 'unref').mockReturnValue()
  // The output must not depend on the terminal that vitest runs in.
  vi.stubEnv('FORCE_COLOR', undefined).stubEnv('NO_COLOR', '1')
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  try {
    const code = await run(args, terminal)
    return { code, signal: null, ...output }
  } finally {
    for (const spy of [...spies, channel]) spy?.mockRestore()
    vi.unstubAllEnvs()
  }
}
