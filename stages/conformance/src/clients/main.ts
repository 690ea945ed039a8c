import { argv, exit, stderr, stdout } from 'node:process'
import { messageOf } from '@threshold/kit'
import { LIBRARIES, type Library } from './libraries.ts'
import { type ClientRun, runClient } from './run.ts'
import { STEPS } from './scenario.ts'

const USAGE = `Unmodified client libraries against a server of your own.

  node stages/conformance/src/clients/main.ts URL [--resume] [LIBRARY…]

  URL        where it serves, such as http://127.0.0.1:8080; it must have POST /workshop/users
  --resume   sessions can be resumed there
  LIBRARY    ${LIBRARIES.map(({ id }) => id).join(', ')}; without one, all
`

/** One library after the other, so that what a server logs meanwhile belongs to one of them. */
async function main(): Promise<number> {
  const words = argv.slice(2)
  const url = words.find((word) => /^https?:\/\//.test(word))
  const names = words.filter((word) => word !== url && word !== '--resume')
  const unknown = names.filter((name) => !LIBRARIES.some(({ id }) => id === name))
  if (url === undefined || unknown.length > 0) {
    stderr.write(unknown.length > 0 ? `no such library: ${unknown.join(', ')}\n\n${USAGE}` : USAGE)
    return 2
  }
  let failures = 0
  for (const library of LIBRARIES.filter(({ id }) => names.length === 0 || names.includes(id))) {
    failures += await play(library, url, words.includes('--resume'))
  }
  return failures === 0 ? 0 : 1
}

async function play(library: Library, baseUrl: string, resume: boolean): Promise<number> {
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
  for (const { id, says } of STEPS) {
    try {
      await run.step(id)
      stdout.write(`  ok    ${id}: ${says}\n`)
    } catch (error) {
      failures += 1
      stdout.write(`  FAIL  ${id}: ${says}\n${messageOf(error)}\n`)
    }
  }
  return failures
}

exit(await main())
