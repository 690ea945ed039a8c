import { argv, exit, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import type { Capability, Case, Target } from './case.ts'
import { allCases } from './cases/index.ts'
import { failureOf, type Outcome, runCases } from './runner.ts'

const HELP = `Tries the contract on a stage of your own: all it needs is an address, and \`POST /workshop/users\` there.

  node stages/conformance/src/external/run.ts http://127.0.0.1:PORT [options]

  --only PREFIX        cases whose ids begin with this; may be given several times
  --resume             the stage keeps sessions: RESUME must replay
  --session-ms MS      how long it keeps an abandoned one, to try that it ends
  --limited URL        the same stage started with a low rate limit
  --closed URL         the same stage started without provisioning
  --published URL      the same stage started with a public URL
  --published-as URL   what that one must say of its gateway, such as wss://chat.example
  --jobs N             cases at the same time (8)
  --list               the cases, without trying them
  --json               one line of JSON for each case

Exits with 0 when all that was tried passed, 1 when something failed, 2 when it could not begin.
`

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true },
      resume: { type: 'boolean' },
      'session-ms': { type: 'string' },
      limited: { type: 'string' },
      closed: { type: 'string' },
      published: { type: 'string' },
      'published-as': { type: 'string' },
      jobs: { type: 'string', default: '8' },
      list: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const cases = values.only
    ? allCases.filter((one) => values.only!.some((prefix) => one.id.startsWith(prefix)))
    : allCases
  if (values.help) return tell(HELP)
  if (values.list) return tell(cases.map((one) => `${one.id}: ${one.title}\n`).join(''))
  const [baseUrl, ...more] = positionals
  if (baseUrl === undefined || more.length > 0 || !URL.canParse(baseUrl))
    throw new Error('give the address of one stage, such as http://127.0.0.1:3000')
  if (cases.length === 0)
    throw new Error(`no case begins with ${values.only?.join(' or ')}; --list shows them all`)
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw new Error(`--jobs takes a number from 1 to 64, not ${values.jobs}`)
  await reachable(baseUrl)

  const capabilities: Capability[] = values.resume ? ['resume'] : []
  const target: Target = {
    baseUrl,
    capabilities: new Set(capabilities),
    ...(values['session-ms'] === undefined ? {} : { sessionMs: Number(values['session-ms']) }),
    ...(values.limited === undefined ? {} : { limitedUrl: values.limited }),
    ...(values.closed === undefined ? {} : { closedUrl: values.closed }),
    ...publishedOf(values.published, values['published-as']),
  }
  const count = { passed: 0, failed: 0, 'not-tried': 0 }
  const began = performance.now()
  await runCases(cases, target, jobs, (one, outcome) => {
    count[outcome.kind] += 1
    stdout.write(values.json ? `${json(one, outcome)}\n` : line(one, outcome))
  })
  const seconds = ((performance.now() - began) / 1_000).toFixed(1)
  if (!values.json)
    tell(
      `\n${count.passed} passed, ${count.failed} failed, ${count['not-tried']} not tried, in ${seconds} s\n`,
    )
  return count.failed === 0 ? 0 : 1
}

function publishedOf(
  baseUrl: string | undefined,
  gatewayUrl: string | undefined,
): Pick<Target, 'published'> {
  if (baseUrl === undefined && gatewayUrl === undefined) return {}
  if (baseUrl === undefined || gatewayUrl === undefined)
    throw new Error('--published and --published-as go together')
  return { published: { baseUrl, gatewayUrl } }
}

const tell = (text: string): 0 => {
  stdout.write(text)
  return 0
}

async function reachable(baseUrl: string): Promise<void> {
  await fetch(new URL('/healthz', baseUrl)).catch((cause: unknown) => {
    throw new Error(`nothing answers at ${baseUrl}: ${String((cause as Error).cause ?? cause)}`)
  })
}

function line(one: Case, outcome: Outcome): string {
  if (outcome.kind === 'passed') return `✓ ${one.id}  ${one.title} (${outcome.ms} ms)\n`
  if (outcome.kind === 'not-tried') return `· ${one.id}  not tried: ${outcome.reason}\n`
  return `✗ ${one.id}  ${one.title}\n${indented(failureOf(one, outcome, undefined)!)}\n`
}

const indented = (text: string): string => text.replace(/^/gm, '    ')

const json = (one: Case, outcome: Outcome): string =>
  JSON.stringify({
    id: one.id,
    sentence: one.title,
    ...(outcome.kind === 'failed' ? { ...outcome, error: outcome.error.message } : outcome),
  })

try {
  exit(await main(argv.slice(2)))
} catch (error) {
  stderr.write(`${(error as Error).message}\n\n${HELP}`)
  exit(2)
}
