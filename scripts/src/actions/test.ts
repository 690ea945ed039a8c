import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { ENGINE_ITEMS, prefetch, spawnRegistered, sweep, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { measureOthers } from '@threshold/lab-kit'
import { type Context, EXIT, REMAINS, ROOT } from '../context.ts'
import { interruptible, unlessInterrupted } from '../interruption.ts'
import { requireTree } from '../preflight.ts'
import type { Terminal } from '../terminal.ts'
import { countTests, failedFiles, inWords, type TestCounts } from '../test-counts.ts'
import { findStage } from '../unknown.ts'

/** Tests run on what starts in seconds; twelve minutes of compiling are for labs. */
const NOT_FOR_TESTS = ['secantusdb-rust']

/** When more files fail, something is broken, and running them again would only take time. */
const MOST_FLAKY_FILES = 3

export interface TestOptions {
  /** Every round and every phase, as CI does. */
  readonly all: boolean
  /**
   * Runs up to three failed files once more, by themselves, and names those that then pass as
   * flaky. They count as failed all the same.
   */
  readonly rerunFailed: boolean
}

export async function test(
  { terminal, exitWith }: Context,
  what: readonly string[],
  { all, rerunFailed }: TestOptions,
): Promise<void> {
  const args = await argumentsFor(what)
  // vitest keeps how long each file took, and tests their reports.
  await requireTree(join(ROOT, REMAINS), 'what tests leave')
  const ran = await interruptible(
    `test ${what.join(' ')}`.trim(),
    terminal,
    async (interrupted, run) => {
      const busy = await busyWith()
      if (busy)
        terminal.print(
          `this machine is busy: ${busy}. The tests take longer, and some may fail for lack of CPU.`,
        )
      await unlessInterrupted(interrupted, setUp(terminal))
      const vitest = async (report: string, args: readonly string[]): Promise<Ran> => {
        const path = join(run.dir, report)
        const code = await runVitest(
          [...args, '--reporter=json', `--outputFile.json=${path}`],
          interrupted,
          all,
        )
        return { code, counts: countTests(await readFile(path, 'utf8').catch(() => undefined)) }
      }
      const first = await vitest('tests.json', args)
      const failed = failedFiles(first.counts ?? new Map())
      if (failed.length > 0) {
        const stillBusy = await busyWith()
        if (busy || stillBusy) terminal.print(tooBusy(stillBusy ?? busy ?? ''))
      }
      if (!rerunFailed) return first
      let flaky: string[] = []
      if (failed.length > 0 && failed.length <= MOST_FLAKY_FILES) {
        terminal.print('\nrunning the failed files once more, by themselves')
        const again = await vitest('again.json', [...args, ...failed, '--no-file-parallelism'])
        const stillFail = failedFiles(again.counts ?? new Map())
        if (again.counts) flaky = failed.filter((file) => !stillFail.includes(file))
      }
      for (const file of flaky)
        terminal.print(
          `flaky: ${relative(ROOT, file)} failed among the others and passed by itself`,
        )
      terminal.print(`${flaky.length} flaky`)
      return first
    },
  )
  if (ran.counts === undefined)
    throw new CodedError(
      'TESTS_DID_NOT_RUN',
      `vitest ended with code ${ran.code} before it had counted anything`,
    )
  if (!all)
    terminal.print(
      '\nskipped tests run with npm test -- --all; those with three nodes of Cassandra also need THRESHOLD_TEST_CLUSTER=1',
    )
  terminal.print(inWords(ran.counts))
  exitWith(ran.code)
}

interface Ran {
  readonly code: number
  readonly counts: TestCounts | undefined
}

/** Others may take half of the CPU before tests, whose limits are generous, could feel it. */
const OTHERS_SHARE = 0.5

/** Describes the load of other programs on this machine; undefined while it is calm. */
async function busyWith(): Promise<string | undefined> {
  const cores = availableParallelism()
  const { share } = await measureOthers(cores)
  return share > OTHERS_SHARE
    ? `other programs use ${Math.round(share * 100)}% of its ${cores} cores`
    : undefined
}

const tooBusy = (busy: string): string =>
  `\nTOO_BUSY: tests failed on a busy machine (${busy}), which may be why\n  → end other programs, then run the tests again`

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
  const filters =
    first !== undefined && /^\d+$/.test(first)
      ? [`stages/${basename((await findStage(first)).dir)}/`, ...rest]
      : what
  // Whoever names a reporter gets that one, and the count all the same.
  return what.some((arg) => arg.startsWith('--reporter'))
    ? [...filters]
    : [...filters, '--reporter=default']
}

/**
 * In a group of its own, so that it and its workers can be ended as one; then its engines, which it
 * can no longer end.
 */
async function runVitest(
  args: readonly string[],
  interrupted: AbortSignal,
  all: boolean,
): Promise<number> {
  const vitest = join(
    dirname(createRequire(join(ROOT, 'package.json')).resolve('vitest/package.json')),
    'vitest.mjs',
  )
  const env = { ...process.env, ...(all ? { THRESHOLD_TEST_ALL: '1' } : {}) }
  const { identity, run, closed } = await spawnRegistered({
    role: 'tests',
    group: true,
    onExit: 'kill',
    command: process.execPath,
    args: [vitest, 'run', ...args],
    spawn: { cwd: ROOT, env, stdio: 'inherit', detached: true },
  })
  await using _ = run
  const end = (): void => void terminate(identity, { group: true })
  interrupted.addEventListener('abort', end, { once: true })
  const { code } = await closed
  interrupted.removeEventListener('abort', end)
  if (interrupted.aborted) await sweep()
  interrupted.throwIfAborted()
  return code ?? EXIT.failure
}
