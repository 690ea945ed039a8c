import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { ENGINE_ITEMS, identify, listStages, prefetch, registerProcess, sweep, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Command } from 'commander'
import { type Context, EXIT, ROOT } from '../context.ts'
import { interruptible } from '../interruption.ts'
import { unknown } from '../nearest.ts'
import { countTests } from '../test-counts.ts'

/** Tests run on what starts in seconds; twelve minutes of compiling are for labs. */
const NOT_FOR_TESTS = ['secantusdb-rust']

export function addTest(program: Command, { terminal, exitWith }: Context): void {
  program
    .command('test')
    .description('set up what tests need and run them: all, one stage’s, or what vitest is told')
    .argument('[what...]', 'the number of a stage, or files and options for vitest')
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
The last line counts: "120 passed, 0 failed, 2 skipped". Exits with 1 when a test failed.

Examples:
  npx threshold test                              everything
  npx threshold test 1                            stage 1's tests alone
  npx threshold test stages/common/domain         one room
  npx threshold test 1 -t "deletes"               vitest's own options, here a name`,
    )
    .action(async (what: readonly string[]) => {
      const args = await argumentsFor(what)
      await setUp()
      const { code, counts } = await interruptible(`test ${what.join(' ')}`.trim(), terminal, async (interrupted, run) => {
        const report = join(run.dir, 'tests.json')
        const code = await runVitest([...args, '--reporter=json', `--outputFile.json=${report}`], interrupted)
        return { code, counts: countTests(await readFile(report, 'utf8').catch(() => undefined)) }
      })
      if (counts === undefined) throw new CodedError('TESTS_DID_NOT_RUN', `vitest ended with code ${code} before it had counted anything`)
      terminal.print(counts)
      exitWith(code)
    })

  /** What cannot be had is said, and skipped: a test that needs it will say so again, by name. */
  async function setUp(): Promise<void> {
    using progress = terminal.progress('looking for what tests need')
    const outcomes = await prefetch(
      progress.step,
      ENGINE_ITEMS.filter(({ id }) => !NOT_FOR_TESTS.includes(id)),
    )
    for (const { title, outcome, why } of outcomes) if (outcome === 'failed') progress.step({ text: `${title} cannot be had: ${why}` })
  }
}

async function argumentsFor(what: readonly string[]): Promise<string[]> {
  const [first, ...rest] = what
  const filters = first !== undefined && /^\d+$/.test(first) ? [await stageFolder(first), ...rest] : what
  // Whoever names a reporter gets that one, and the count all the same.
  return what.some((arg) => arg.startsWith('--reporter')) ? [...filters] : [...filters, '--reporter=default']
}

async function stageFolder(number: string): Promise<string> {
  const stages = await listStages()
  const stage = stages.find((info) => String(info.stage) === number)
  const known = stages.map((info) => String(info.stage))
  if (stage === undefined) throw unknown('UNKNOWN_STAGE', 'stage', number, known, 'npx threshold stages list')
  return `stages/${basename(stage.dir)}/`
}

/** In a group of its own, so that it and its workers can be ended as one; then its engines, which it can no longer end. */
async function runVitest(args: readonly string[], interrupted: AbortSignal): Promise<number> {
  const vitest = join(dirname(createRequire(join(ROOT, 'package.json')).resolve('vitest/package.json')), 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, 'run', ...args], { cwd: ROOT, stdio: 'inherit', detached: true })
  const closed = once(child, 'close')
  const pid = child.pid
  const identity = pid === undefined ? undefined : await identify(pid)
  if (pid === undefined || identity === undefined)
    throw new CodedError('TESTS_DID_NOT_RUN', 'vitest could not be started', { next: 'npm ci' })
  await using _run = await registerProcess({ role: 'tests', pid, group: true, ending: 'end' })
  const end = (): void => void terminate(identity, { group: true })
  interrupted.addEventListener('abort', end, { once: true })
  const [code] = await closed
  interrupted.removeEventListener('abort', end)
  if (interrupted.aborted) await sweep()
  interrupted.throwIfAborted()
  return typeof code === 'number' ? code : EXIT.failure
}
