import { vi } from 'vitest'
import { run } from '../src/program.ts'
import type { Finished } from './cli.ts'

/**
 * The same command line in this process: what it prints and the code it would exit with. For
 * commands that start nothing and end by themselves, of which there are dozens here; that the real
 * one does the same is for those that are started to show.
 */
export async function runInProcess(args: readonly string[]): Promise<Finished> {
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text)
      return true
    }),
  )
  // Nobody's terminal, whatever vitest runs in.
  vi.stubEnv('FORCE_COLOR', undefined).stubEnv('NO_COLOR', '1')
  try {
    const code = await run(args)
    return { code, signal: null, ...said }
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
  }
}
