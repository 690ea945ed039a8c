import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { ENGINE_ITEMS, identify, prefetch, registerProcess, sweep, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { type Context, EXIT, ROOT } from '../context.ts'
import { interruptible, unlessInterrupted } from '../interruption.ts'
import type { Terminal } from '../terminal.ts'
import { countTests, failedFiles, inWords, type TestCounts } from '../test-counts.ts'
import { findStage } from '../unknown.ts'

/** Tests run on what starts in seconds; twelve minutes of compiling are for labs. */
const NOT_FOR_TESTS = ['secantusdb-rust']

/** More than that is no chance: something is broken, and a second look would only hide half of it. */
const MOST_UNSTEADY_FILES = 3

export interface TestOptions {
  /** Every round and every phase, as CI does. */
  readonly all: boolean
  /** Whether a few files that failed are run once more, by themselves. What then passes is named, not forgotten. */
  readonly secondLook: boolean
}

export async function test({ terminal, exitWith }: Context, what: readonly string[], { all, secondLook }: TestOptions): Promise<void> {
  const args = await argumentsFor(what)
  const ran = await interruptible(`test ${what.join(' ')}`.trim(), terminal, async (interrupted, run) => {
    await unlessInterrupted(interrupted, setUp(terminal))
    const vitest = async (report: string, args: readonly string[]): Promise<Ran> => {
      const path = join(run.dir, report)
      const code = await runVitest([...args, '--reporter=json', `--outputFile.json=${path}`], interrupted, all)
      return { code, counts: countTests(await readFile(path, 'utf8').catch(() => undefined)) }
    }
    const first = await vitest('tests.json', args)
    const again = failedFiles(first.counts ?? new Map())
    if (!secondLook || again.length === 0 || again.length > MOST_UNSTEADY_FILES) return first
    terminal.print(`\na second look, one after the other, at ${again.length === 1 ? 'the file' : 'the files'} that failed`)
    const second = await vitest('second.json', [...args, ...again, '--no-file-parallelism'])
    return lookedAtTwice(terminal, first, second, again)
  })
  if (ran.counts === undefined)
    throw new CodedError('TESTS_DID_NOT_RUN', `vitest ended with code ${ran.code} before it had counted anything`)
  if (!all) terminal.print('\nwhat was skipped runs with npm test -- --all, three nodes of Cassandra with THRESHOLD_TEST_CLUSTER=1 besides')
  terminal.print(inWords(ran.counts))
  exitWith(ran.code)
}

interface Ran {
  readonly code: number
  readonly counts: TestCounts | undefined
}

/** The second time decides; and who failed the first time is said, since a test that depends on the hour is a fault of its own. */
function lookedAtTwice(terminal: Terminal, first: Ran, second: Ran, files: readonly string[]): Ran {
  if (first.counts === undefined || second.counts === undefined) return first
  const stillFail = failedFiles(second.counts)
  for (const file of files) {
    if (!stillFail.includes(file)) terminal.print(`unsteady: ${relative(ROOT, file)} failed among the others and passed by itself`)
  }
  return { code: second.code, counts: new Map([...first.counts, ...second.counts]) }
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
