import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import { type Context, EXIT, ROOT } from '../context.ts'
import { interruptible } from '../interruption.ts'

/**
 * nx runs the checks that package.json names, at once, and repeats none whose files have not
 * changed.
 */
export async function check({ terminal, exitWith }: Context): Promise<void> {
  await interruptible('check', terminal, async (interrupted) => {
    const nx = join(ROOT, 'node_modules', '.bin', 'nx')
    // The checks are started by name, and must find this Node first.
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    }
    const child = spawn(process.execPath, [nx, 'run', 'threshold:check'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    interrupted.addEventListener('abort', () => void child.kill('SIGTERM'))
    const [code] = (await once(child, 'close')) as [number | null]
    interrupted.throwIfAborted()
    exitWith(code ?? EXIT.failure)
  })
}
