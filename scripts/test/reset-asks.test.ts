import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, spawnRegistered } from '@threshold/engines'
import { Command } from 'commander'
import { describe, expect, it, vi } from 'vitest'
import { addReset } from '../src/commands/reset.ts'
import type { Terminal } from '../src/terminal.ts'
import { temporaryFolder } from './cli.ts'
import { runInProcess } from './run-in-process.ts'

/** A process that this checkout started, in a registry and an output folder of their own. */
async function startedProcess() {
  const folder = await temporaryFolder()
  const env = { THRESHOLD_CACHE: join(folder.path, 'cache'), THRESHOLD_OUTPUT: folder.path }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const output = join(folder.path, '.threshold', 'migrations')
  await mkdir(output, { recursive: true })
  const { identity, child, registration } = await spawnRegistered({
    role: 'stage',
    text: 'stage 1',
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 60_000)'],
    spawn: { stdio: 'ignore' },
  })
  return {
    env,
    line: `stage 1 (process ${identity.pid})`,
    output,
    alive: () => isAlive(identity),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await registration.close()
      vi.unstubAllEnvs()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Runs reset in a terminal in which the user gives this answer. */
async function resetAnswering(answer: string, ...flags: string[]) {
  const lines: string[] = []
  const printed: string[] = []
  const ask = vi.fn(async () => answer)
  const terminal = {
    interactive: true,
    print: (text: string) => void printed.push(text),
    log: (text: string) => void lines.push(text),
    ask,
  } as unknown as Terminal
  const program = new Command()
  addReset(program, { terminal, setExitCode() {} })
  await program.parseAsync(['reset', ...flags], { from: 'user' })
  return { lines, printed, ask }
}

describe('reset', () => {
  it('without a terminal does nothing, names --yes, and exits with 2', async () => {
    await using started = await startedProcess()
    const { code, stdout, stderr } = await runInProcess(['reset'], started.env)
    expect(stderr).toContain(`ends     ${started.line}`)
    expect(stderr).toMatch(/^NOT_CONFIRMED: .*\n {2}→ npx threshold reset --yes\n$/m)
    expect({ code, stdout, alive: await started.alive() }).toEqual({
      code: 2,
      stdout: '',
      alive: true,
    })
    expect(existsSync(started.output)).toBe(true)
  })

  it.each(['n', '', 'later'])('lists what it would do, and after “%s” does nothing', async (no) => {
    await using started = await startedProcess()
    const { lines, printed } = await resetAnswering(no)
    expect(lines).toContain(`ends     ${started.line}`)
    expect(lines).toContain(`removes  ${started.output}`)
    expect(printed).toEqual(['nothing was ended or removed'])
    expect([await started.alive(), existsSync(started.output)]).toEqual([true, true])
  })

  it.each(['y', 'Yes'])('after “%s” ends and removes what it listed', async (yes) => {
    await using started = await startedProcess()
    const { lines, printed } = await resetAnswering(yes)
    expect(lines).toContain(`ended    ${started.line}`)
    expect(printed).toEqual([expect.stringMatching(/^1 ended, \d removed, no problems$/)])
    expect([await started.alive(), existsSync(started.output)]).toEqual([false, false])
  })

  it('asks nothing where there is nothing to do, or with --yes', async () => {
    await using started = await startedProcess()
    expect((await resetAnswering('n', '--yes')).ask).not.toHaveBeenCalled()
    expect(await started.alive()).toBe(false)
    const { ask, printed } = await resetAnswering('n')
    expect(ask).not.toHaveBeenCalled()
    expect(printed).toEqual(['clean: there was nothing to end or remove'])
  })
})
