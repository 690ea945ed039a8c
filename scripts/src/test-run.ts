import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import {
  ENGINE_ITEMS,
  prefetch,
  type Registration,
  spawnRegistered,
  sweep,
  terminate,
} from '@threshold/engines'
import { measureOthers } from '@threshold/lab-kit'
import { EXIT, ROOT } from './context.ts'
import { unlessInterrupted } from './interruption.ts'
import type { Terminal } from './terminal.ts'
import { countTests, failedFiles, type TestCounts } from './test-counts.ts'
import { findStage } from './unknown-name.ts'

/** Tests use engines that start in seconds. This one takes twelve minutes to compile. */
const NOT_FOR_TESTS = ['secantusdb-rust']

/** More failed files than these mean that something is broken, and a rerun would only take time. */
const MAX_RERUN_FILES = 3

/** Tests have generous timeouts: other programs may use half of the CPU without any effect. */
const MAX_OTHERS_SHARE = 0.5

export interface TestRunOptions {
  /** Sets THRESHOLD_TEST_ALL, which turns on the slow tests that CI runs. */
  readonly all: boolean
  /**
   * Runs up to three failed files once more, on their own, and names those that then pass as flaky.
   * They still count as failed.
   */
  readonly rerunFailed: boolean
}

export interface TestRun {
  readonly code: number
  /** Undefined when vitest ended before it wrote a report. */
  readonly counts: TestCounts | undefined
}

/** Turns the command's arguments into vitest's: a stage's number becomes its folder. */
export async function vitestArguments(args: readonly string[]): Promise<string[]> {
  const [first, ...rest] = args
  const filters =
    first !== undefined && /^\d+$/.test(first)
      ? [`stages/${basename((await findStage(first)).dir)}/`, ...rest]
      : [...args]
  // runVitest adds a JSON reporter, which would otherwise replace vitest's default one.
  return args.some((arg) => arg.startsWith('--reporter'))
    ? filters
    : [...filters, '--reporter=default']
}

/** Fetches the engines that tests need, runs vitest, and returns the counts of the first run. */
export async function runTests(
  args: readonly string[],
  { all, rerunFailed }: TestRunOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
  registration: Registration,
): Promise<TestRun> {
  const busyBefore = await busyWith()
  if (busyBefore !== undefined)
    terminal.print(
      `this machine is busy: ${busyBefore}. ` +
        'The tests take longer, and some may fail for lack of CPU.',
    )
  await unlessInterrupted(interrupted, fetchEngines(terminal))
  const vitest = async (report: string, vitestArgs: readonly string[]): Promise<TestRun> => {
    const path = join(registration.dir, report)
    const reporter = ['--reporter=json', `--outputFile.json=${path}`]
    const code = await runVitest([...vitestArgs, ...reporter], interrupted, all)
    return { code, counts: countTests(await readFile(path, 'utf8').catch(() => undefined)) }
  }
  const first = await vitest('tests.json', args)
  const failed = failedFiles(first.counts ?? new Map())
  if (failed.length > 0) {
    const busyAfter = (await busyWith()) ?? busyBefore
    if (busyAfter !== undefined)
      terminal.print(
        `\nTOO_BUSY: tests failed on a busy machine (${busyAfter}), which may be why\n` +
          '  → end other programs, then run the tests again',
      )
  }
  if (!rerunFailed) return first
  let flaky: string[] = []
  if (failed.length > 0 && failed.length <= MAX_RERUN_FILES) {
    terminal.print('\nrunning the failed files once more, by themselves')
    const second = await vitest('again.json', [...args, ...failed, '--no-file-parallelism'])
    const failedAgain = failedFiles(second.counts ?? new Map())
    if (second.counts) flaky = failed.filter((file) => !failedAgain.includes(file))
  }
  for (const file of flaky)
    terminal.print(`flaky: ${relative(ROOT, file)} failed among the others and passed by itself`)
  terminal.print(`${flaky.length} flaky`)
  return first
}

/** Describes the load of other programs on this machine; undefined while it is low. */
async function busyWith(): Promise<string | undefined> {
  const cores = availableParallelism()
  const { share } = await measureOthers(cores)
  return share > MAX_OTHERS_SHARE
    ? `other programs use ${Math.round(share * 100)}% of its ${cores} cores`
    : undefined
}

/** Only reports an engine that cannot be fetched. The tests that need it fail with the reason. */
async function fetchEngines(terminal: Terminal): Promise<void> {
  using progress = terminal.progress('looking for what tests need')
  const items = ENGINE_ITEMS.filter(({ id }) => !NOT_FOR_TESTS.includes(id))
  for (const { title, outcome, why } of await prefetch(progress.step, items)) {
    if (outcome === 'failed') progress.step({ text: `${title} cannot be fetched: ${why}` })
  }
}

/**
 * Runs vitest in a process group of its own, so that an interruption ends it with its workers. The
 * engines that its workers then leave behind are swept.
 */
async function runVitest(
  args: readonly string[],
  interrupted: AbortSignal,
  all: boolean,
): Promise<number> {
  const manifest = createRequire(join(ROOT, 'package.json')).resolve('vitest/package.json')
  const env = { ...process.env, ...(all ? { THRESHOLD_TEST_ALL: '1' } : {}) }
  const { identity, registration, closed } = await spawnRegistered({
    role: 'tests',
    group: true,
    onExit: 'kill',
    command: process.execPath,
    args: [join(dirname(manifest), 'vitest.mjs'), 'run', ...args],
    spawn: { cwd: ROOT, env, stdio: 'inherit', detached: true },
  })
  await using _ = registration
  const end = (): void => void terminate(identity, { group: true })
  interrupted.addEventListener('abort', end, { once: true })
  const { code } = await closed
  interrupted.removeEventListener('abort', end)
  if (interrupted.aborted) await sweep()
  interrupted.throwIfAborted()
  return code ?? EXIT.failure
}
