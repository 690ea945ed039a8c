import { run } from './src/program.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as `head` that has enough: nothing that follows would be read. Engines end with
  // this process.
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(
    `OUTPUT_LOST: the output cannot be written: ${error.message}\n  → free some space, or write it elsewhere\n`,
  )
  process.exit(1)
})
// The terminal was closed. SIGHUP says so too, and what closes then must not fail for want of
// words.
process.stderr.on('error', () => {})

const code = await run(process.argv.slice(2))
// An error of the last write is told only now.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
// Whatever still runs is registered with the engines: leaving by `exit` ends it, where waiting for
// it might never end.
process.exit(code)
