import { argv, exit, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import type { Capability, Case, Target } from './case.ts'
import { allCases } from './cases/index.ts'
import { failureOf, type Outcome, runCases } from './runner.ts'

const HELP = `Runs the contract's cases against a stage, which only needs \`POST /workshop/users\`.

  node stages/conformance/src/external/run.ts http://127.0.0.1:PORT [options]

  --only PREFIX        run only cases whose ids begin with PREFIX (repeatable)
  --resume             the stage keeps sessions, so RESUME must replay
  --session-ms MS      how long the stage keeps an abandoned session, to check that it expires
  --limited URL        the same stage started with a low rate limit
  --closed URL         the same stage started without provisioning
  --published URL      the same stage started with a public URL
  --published-as URL   the gateway address that the published stage must announce, such as
                       wss://chat.example
  --published-at URL   where its gateway listens, such as ws://127.0.0.1:PORT
  --jobs N             how many cases run at a time (8)
  --list               list the cases without running them
  --json               print one line of JSON for each case

Exit codes: 0 all cases that were tried passed, 1 a case failed, 2 the run could not start.
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
      'published-at': { type: 'string' },
      jobs: { type: 'string', default: '8' },
      list: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const cases = values.only
    ? allCases.filter((each) => values.only!.some((prefix) => each.id.startsWith(prefix)))
    : allCases
  if (values.help) return print(HELP)
  if (values.list) return print(cases.map(({ id, title }) => `${id}: ${title}\n`).join(''))
  const [baseUrl, ...rest] = positionals
  if (baseUrl === undefined || rest.length > 0 || !URL.canParse(baseUrl))
    throw new Error('give the address of one stage, such as http://127.0.0.1:3000')
  if (cases.length === 0)
    throw new Error(`no case begins with ${values.only?.join(' or ')}; --list shows all of them`)
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)
    throw new Error(`--jobs takes a number from 1 to 64, not ${values.jobs}`)
  await expectReachable(baseUrl)

  const capabilities: Capability[] = values.resume ? ['resume'] : []
  const target: Target = {
    baseUrl,
    capabilities: new Set(capabilities),
    ...(values['session-ms'] === undefined ? {} : { sessionMs: Number(values['session-ms']) }),
    ...(values.limited === undefined ? {} : { limitedUrl: values.limited }),
    ...(values.closed === undefined ? {} : { closedUrl: values.closed }),
    ...publishedOption(values.published, values['published-as'], values['published-at']),
  }
  const count = { passed: 0, failed: 0, 'not-tried': 0 }
  const startedAt = performance.now()
  await runCases(cases, target, jobs, (testCase, outcome) => {
    count[outcome.kind] += 1
    stdout.write(values.json ? jsonLine(testCase, outcome) : textLine(testCase, outcome))
  })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  const { passed, failed, 'not-tried': notTried } = count
  if (!values.json)
    print(`\n${passed} passed, ${failed} failed, ${notTried} not tried, in ${seconds} s\n`)
  return failed === 0 ? 0 : 1
}

function publishedOption(
  baseUrl: string | undefined,
  gatewayUrl: string | undefined,
  socketUrl: string | undefined,
): Pick<Target, 'published'> {
  if ((baseUrl ?? gatewayUrl ?? socketUrl) === undefined) return {}
  if (baseUrl === undefined || gatewayUrl === undefined || socketUrl === undefined)
    throw new Error('--published, --published-as and --published-at must be given together')
  return { published: { baseUrl, gatewayUrl, socketUrl } }
}

const print = (text: string): 0 => {
  stdout.write(text)
  return 0
}

async function expectReachable(baseUrl: string): Promise<void> {
  await fetch(new URL('/healthz', baseUrl)).catch((cause: unknown) => {
    throw new Error(`nothing answers at ${baseUrl}: ${String((cause as Error).cause ?? cause)}`)
  })
}

function textLine(testCase: Case, outcome: Outcome): string {
  const { id, title } = testCase
  if (outcome.kind === 'passed') return `✓ ${id}  ${title} (${outcome.ms} ms)\n`
  if (outcome.kind === 'not-tried') return `· ${id}  not tried: ${outcome.reason}\n`
  return `✗ ${id}  ${title}\n${indent(failureOf(testCase, outcome, undefined)!)}\n`
}

const indent = (text: string): string => text.replace(/^/gm, '    ')

function jsonLine({ id, title }: Case, outcome: Outcome): string {
  const shown = outcome.kind === 'failed' ? { ...outcome, error: outcome.error.message } : outcome
  return `${JSON.stringify({ id, sentence: title, ...shown })}\n`
}

try {
  exit(await main(argv.slice(2)))
} catch (error) {
  stderr.write(`${(error as Error).message}\n\n${HELP}`)
  exit(2)
}
