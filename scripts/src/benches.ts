import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { OnProgress } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { ROOT } from './context.ts'
import { table } from './terminal.ts'
import { unknownName } from './unknown-name.ts'

/** Each file in this folder is a bench. */
export const BENCH_FOLDER = join(ROOT, 'labs', 'bench')

/** The default export of a bench's file. */
export interface Bench {
  readonly name: string
  readonly title: string
  /** Returns the table to print. */
  run(onProgress: OnProgress, options: BenchOptions): Promise<string>
}

export interface BenchOptions {
  /** Also writes the result into the docs. */
  readonly publish?: boolean
}

export async function findBench(name: string): Promise<Bench> {
  const benches = await listBenches()
  const found = benches.find((bench) => bench.name === name)
  const known = benches.map((bench) => bench.name)
  if (found === undefined)
    throw unknownName('UNKNOWN_BENCH', 'bench', name, known, 'npx threshold bench')
  return found
}

export const formatBenches = (benches: readonly Bench[]): string =>
  benches.length === 0
    ? 'there is no bench in labs/bench yet'
    : table(
        ['Bench', 'Measures'],
        benches.map(({ name, title }) => [name, title]),
      )

export async function listBenches(): Promise<Bench[]> {
  const files = (await Array.fromAsync(glob('*.ts', { cwd: BENCH_FOLDER }))).toSorted()
  return await Promise.all(files.map(loadBench))
}

async function loadBench(file: string): Promise<Bench> {
  const { href } = pathToFileURL(join(BENCH_FOLDER, file))
  const { default: bench }: { default?: unknown } = await import(href)
  if (isBench(bench)) return bench
  throw new CodedError(
    'BAD_BENCH',
    `labs/bench/${file} has no default export with name, title and run`,
  )
}

const isBench = (value: unknown): value is Bench =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  'title' in value &&
  'run' in value &&
  typeof value.run === 'function'
