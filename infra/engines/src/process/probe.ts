import { execa } from 'execa'
import { childEnvironment } from '../config.ts'

export interface ProbeOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

/**
 * Runs a program that answers and exits, such as `java -version`, and returns its output. It is
 * killed after `timeoutMs`, 10 s by default, so that a tool that hangs does not hang the doctor or
 * a test run. Rejects with an `ExecaError` if the program does not start, fails or is too slow.
 */
export const runProbe = (
  command: string,
  args: readonly string[],
  { cwd, env = childEnvironment(), timeoutMs = 10_000 }: ProbeOptions = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  execa(command, args, {
    stdin: 'ignore',
    cwd,
    env,
    extendEnv: false,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    cleanup: false, // execa would listen for signals, which only main.ts and the command line do
  })
