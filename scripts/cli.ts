import { run } from './src/program.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as `head` has closed the pipe, and would read no more. Engines end with this
  // process.
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(
    `OUTPUT_LOST: the output cannot be written: ${error.message}\n` +
      '  → free some space, or write it elsewhere\n',
  )
  process.exit(1)
})
// When the terminal is closed, SIGHUP ends the command. A failed log line must not crash it first.
process.stderr.on('error', () => {})

const code = await run(process.argv.slice(2))
// Wait for the last write, because its error is reported only then.
await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
// Exit instead of waiting for open handles, which might never close. Every child is registered and
// ends with this process.
process.exit(code)
