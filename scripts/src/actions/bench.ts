import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { OnProgress } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { type Context, ROOT } from '../context.ts'
import { interruptible, unlessInterrupted } from '../interruption.ts'
import { requireTree } from '../preflight.ts'
import { table } from '../terminal.ts'
import { unknown } from '../unknown.ts'

/** What a file in labs/bench exports as its default. */
interface Bench {
  readonly name: string
  readonly title: string
  /** Returns the table to print. */
  run(onProgress: OnProgress, options: BenchOptions): Promise<string>
}

export interface BenchOptions {
  /** Writes the result into the docs as well. */
  readonly publish?: boolean
}

export async function bench(
  { terminal }: Context,
  name: string | undefined,
  options: BenchOptions,
): Promise<void> {
  const benches = await listBenches()
  if (name === undefined) return terminal.print(list(benches))
  const found = benches.find((one) => one.name === name)
  const known = benches.map((one) => one.name)
  if (found === undefined)
    throw unknown('UNKNOWN_BENCH', 'bench', name, known, 'npx threshold bench')
  if (options.publish) await requireTree(join(ROOT, 'labs', 'bench'), 'the result')
  const result = await interruptible(`bench ${name}`, terminal, async (interrupted) => {
    using progress = terminal.progress(found.title)
    return await unlessInterrupted(interrupted, found.run(progress.step, options))
  })
  terminal.print(result)
}

const list = (benches: readonly Bench[]): string =>
  benches.length === 0
    ? 'no bench yet in labs/bench'
    : table(
        ['Bench', 'Measures'],
        benches.map(({ name, title }) => [name, title]),
      )

async function listBenches(): Promise<Bench[]> {
  const folder = join(ROOT, 'labs', 'bench')
  const files = (await Array.fromAsync(glob('*.ts', { cwd: folder }))).toSorted()
  return await Promise.all(
    files.map(async (file) => {
      const { default: bench }: { default?: unknown } = await import(
        pathToFileURL(join(folder, file)).href
      )
      if (!isBench(bench))
        throw new CodedError(
          'BAD_BENCH',
          `labs/bench/${file} has no default export with name, title and run`,
        )
      return bench
    }),
  )
}

const isBench = (value: unknown): value is Bench =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'title' in value &&
  'run' in value &&
  typeof value.run === 'function'
