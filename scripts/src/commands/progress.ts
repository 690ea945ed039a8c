import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addProgress(program: Command, { terminal }: CommandContext): void {
  const progress = program
    .command('progress')
    .description('your progress in each lab; it is kept on this machine only')
    .addHelpText(
      'after',
      `
Your progress is .threshold/progress.jsonl in the clone. Nothing rewrites it, and "reset" keeps it.
It leaves this machine only when you export it.

Examples:
  npx threshold progress
  npx threshold progress export progress.json`,
    )
    .action(async () => {
      const { loadLabKit } = await import('../lab-kit.ts')
      const { formatProgress } = await import('../progress/overview.ts')
      const { progressFile, readProgress } = await import('../progress.ts')
      const labs = await (await loadLabKit()).listLabs()
      terminal.print(formatProgress(labs, await readProgress()))
      terminal.log(`\nkept in ${progressFile()}`)
    })

  progress
    .command('export')
    .description('write your progress as JSON, for an instructor or another machine')
    .argument('[FILE]', 'the file to write; stdout if you name none')
    .addHelpText(
      'after',
      `
It contains times, verdicts, your predictions with their reasons, and your explanations. It contains
no host name and no path.

Examples:
  npx threshold progress export
  npx threshold progress export progress.json`,
    )
    .action(async (file: string | undefined) => {
      const { describeExport, exportProgress } = await import('../progress/export.ts')
      const { readProgress } = await import('../progress.ts')
      const exported = exportProgress(await readProgress(), new Date())
      const text = JSON.stringify(exported, undefined, 2)
      if (file === undefined) terminal.print(text)
      else await writeNew(file, `${text}\n`)
      terminal.log(`exported ${describeExport(exported)}`)
    })
}

async function writeNew(file: string, text: string): Promise<void> {
  const { writeFile } = await import('node:fs/promises')
  const { CodedError, messageOf } = await import('@threshold/kit')
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    throw new CodedError(
      exists ? 'FILE_EXISTS' : 'NOT_WRITABLE',
      exists ? `${file} exists, and is not overwritten` : messageOf(error),
      { next: 'name another file', cause: error },
    )
  }
}
