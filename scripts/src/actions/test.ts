import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { ENGINE_ITEMS, identify, prefetch, registerProcess, sweep, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { type Context, EXIT, ROOT } from '../context.ts'
import { interruptible, unlessInterrupted } from '../interruption.ts'
import type { Terminal } from '../terminal.ts'
import { countTests } from '../test-counts.ts'
import { findStage } from '../unknown.ts'

/** Tests run on what starts in seconds; twelve minutes of compiling are for labs. */
const NOT_FOR_TESTS = ['secantusdb-rust']

export async function test({ terminal, exitWith }: Context, what: readonly string[], { all }: { all: boolean }): Promise<void> {
  const args = await argumentsFor(what)
  const { code, counts } = await interruptible(`test ${what.join(' ')}`.trim(), terminal, async (interrupted, run) => {
    await unlessInterrupted(interrupted, setUp(terminal))
    const report = join(run.dir, 'tests.json')
    const code = await runVitest([...args, '--reporter=json', `--outputFile.json=${report}`], interrupted, all)
    return { code, counts: countTests(await readFile(report, 'utf8').catch(() => undefined)) }
  })
  if (counts === undefined) throw new CodedError('TESTS_DID_NOT_RUN', `vitest ended with code ${code} before it had counted anything`)
  terminal.print(counts)
  exitWith(code)
}

/** What cannot be had is said, and no more: a test that needs it will say so again, by name. */
async function setUp(terminal: Terminal): Promise<void> {
  using progress = terminal.progress('looking for what tests need')
  const items = ENGINE_ITEMS.filter(({ id }) => !NOT_FOR_TESTS.includes(id))
  for (const { title, outcome, why } of await prefetch(progress.step, items)) {
    if (outcome === 'failed') progress.step({ text: `${title} cannot be had: ${why}` })
  }
}

async function argumentsFor(what: readonly string[]): Promise<string[]> {
  const [first, ...rest] = what
  const filters = first !== undefined && /^\d+$/.test(first) ? [`stages/${basename((await findStage(first)).dir)}/`, ...rest] : what
  // Whoever names a reporter gets that one, and the count all the same.
  return what.some((arg) => arg.startsWith('--reporter')) ? [...filters] : [...filters, '--reporter=default']
}

/** In a group of its own, so that it and its workers can be ended as one; then its engines, which it can no longer end. */
async function runVitest(args: readonly string[], interrupted: AbortSignal, all: boolean): Promise<number> {
  const vitest = join(dirname(createRequire(join(ROOT, 'package.json')).resolve('vitest/package.json')), 'vitest.mjs')
  const env = { ...process.env, ...(all ? { THRESHOLD_TEST_ALL: '1' } : {}) }
  const child = spawn(process.execPath, [vitest, 'run', ...args], { cwd: ROOT, env, stdio: 'inherit', detached: true })
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
