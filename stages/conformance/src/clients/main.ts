import { argv, exit, stderr, stdout } from 'node:process'
import { messageOf } from '@threshold/kit'
import { LIBRARIES, type Library } from './libraries.ts'
import { type ClientRun, runClient } from './run.ts'
import { STEPS } from './scenario.ts'

const USAGE = `Test a server of your own with unmodified client libraries.

  node stages/conformance/src/clients/main.ts URL [--resume] [LIBRARY…]

  URL        its address, such as http://127.0.0.1:8080; it must have POST /workshop/users
  --resume   the server resumes sessions
  LIBRARY    ${LIBRARIES.map(({ id }) => id).join(', ')}; default: all of them
`

/** Runs one library at a time, so that the server's log belongs to one of them. */
async function main(): Promise<number> {
  const args = argv.slice(2)
  const url = args.find((arg) => /^https?:\/\//.test(arg))
  const names = args.filter((arg) => arg !== url && arg !== '--resume')
  const unknown = names.filter((name) => !LIBRARIES.some(({ id }) => id === name))
  if (url === undefined || unknown.length > 0) {
    stderr.write(unknown.length > 0 ? `unknown library: ${unknown.join(', ')}\n\n${USAGE}` : USAGE)
    return 2
  }
  let failures = 0
  for (const library of LIBRARIES.filter(({ id }) => names.length === 0 || names.includes(id))) {
    failures += await runLibrary(library, url, args.includes('--resume'))
  }
  return failures === 0 ? 0 : 1
}

async function runLibrary(library: Library, baseUrl: string, resume: boolean): Promise<number> {
  stdout.write(`\n${library.name}\n`)
  const missing = await library.missing()
  if (missing) {
    stdout.write(`  NOT RUN: ${missing.why}; ${missing.next}\n`)
    return 1
  }
  const launch = await library.prepare(({ text }) => stderr.write(`${text}\n`))
  await using run: ClientRun = await runClient(launch, {
    baseUrl,
    resume,
    onLine: (line) => {
      if ('note' in line) stdout.write(`    ${line.note}\n`)
    },
  })
  let failures = 0
  for (const { id, description } of STEPS) {
    try {
      await run.step(id)
      stdout.write(`  ok    ${id}: ${description}\n`)
    } catch (error) {
      failures += 1
      stdout.write(`  FAIL  ${id}: ${description}\n${messageOf(error)}\n`)
    }
  }
  return failures
}

exit(await main())
