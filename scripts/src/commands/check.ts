import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import type { Command } from 'commander'
import { type CommandContext, EXIT, ROOT } from '../context.ts'

export function addCheck(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('check')
    .description(
      'for contributors: check types, lint, boundaries, unused code, stage.json, prose, lab pages and spelling',
    )
    .addHelpText(
      'after',
      `
This is what "npm run check" runs. nx runs the checks in parallel and skips those whose files have
not changed. Exits with 0 when nothing is wrong.

Example:
  npm run check`,
    )
    .action(async () => {
      const { interruptible } = await import('../interruption.ts')
      const nx = join(ROOT, 'node_modules', '.bin', 'nx')
      // nx starts the checks through PATH, where they must find this Node first.
      const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
      await interruptible('check', terminal, async (interrupted) => {
        const child = spawn(process.execPath, [nx, 'run', 'threshold:check'], {
          cwd: ROOT,
          env: { ...process.env, PATH: path },
          stdio: ['ignore', 'inherit', 'inherit'],
        })
        interrupted.addEventListener('abort', () => void child.kill('SIGTERM'))
        const [code] = (await once(child, 'close')) as [number | null]
        interrupted.throwIfAborted()
        setExitCode(code ?? EXIT.failure)
      })
    })
}
