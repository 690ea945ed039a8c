import { describe, expect, it } from 'vitest'
import { threshold } from './cli.ts'
import { runInProcess } from './run-in-process.ts'

const COMMANDS = [
  'next',
  'start',
  'doctor',
  'stage',
  'lab',
  'hint',
  'why',
  'report',
  'history',
  'compare',
  'progress',
  'stages',
  'quarantine',
  'dead-letters',
  'search',
  'deploy',
  'migrate',
  'test',
  'bench',
  'prefetch',
  'record',
  'reset',
  'docs',
  'check',
]

describe('help', { timeout: 120_000 }, () => {
  it('lists every command, with examples', async () => {
    const { code, stdout } = await threshold(['--help'])
    expect(code).toBe(0)
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    expect(stdout).toContain('Examples:')
  })

  it.each([
    ...COMMANDS,
    'progress export',
    'stages list',
    'stages diff',
    'stages check',
    'quarantine release',
    'dead-letters list',
    'dead-letters replay',
    'search rebuild',
  ])('of %s gives an example', async (command) => {
    const { code, stdout, stderr } = await runInProcess([...command.split(' '), '--help'])
    expect(stdout).toMatch(/^Usage: threshold /)
    expect(stdout).toMatch(/^Examples?:$/m)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })
})

describe('an unknown word', { timeout: 120_000 }, () => {
  it.each([
    {
      what: 'command',
      args: ['docter'],
      message: /^UNKNOWN_COMMAND: .*docter.*did you mean doctor\?/,
      next: 'npx threshold --help',
    },
    {
      what: 'subcommand',
      args: ['stages', 'chek'],
      message: /^UNKNOWN_COMMAND: .*did you mean check\?/,
      next: 'npx threshold stages --help',
    },
    {
      what: 'option',
      args: ['stage', '1', '--prot', '1'],
      message: /^UNKNOWN_OPTION: .*did you mean --port\?/,
      next: 'npx threshold stage --help',
    },
    {
      what: 'stage',
      args: ['stage', '7'],
      message: /^UNKNOWN_STAGE: there is no stage 7; there are 1, 2, 3$/m,
      next: 'npx threshold stages list',
    },
    {
      what: 'planned stage',
      args: ['stage', '4'],
      message: /^UNKNOWN_STAGE: stage 4 is not built yet; there are 1, 2, 3$/m,
      next: 'npx threshold stages list',
    },
    {
      what: 'numbered lab',
      args: ['lab', '9.9'],
      message: /^UNKNOWN_LAB: there is no lab 9\.9; there are 1\.1, 1\.2, .*2\.6$/m,
      next: 'npx threshold lab list',
    },
    {
      what: 'lab of a stage',
      args: ['lab', '1.9'],
      message: /^UNKNOWN_LAB: there is no lab 1\.9; there are 1\.1/m,
      next: 'npx threshold lab list',
    },
    {
      what: 'planned lab',
      args: ['lab', '4.1'],
      message: /^UNKNOWN_LAB: lab 4\.1 is not built yet, because stage 4 is not; there are 1\.1/m,
      next: 'npx threshold lab list',
    },
    {
      what: 'planned stage to compare with',
      args: ['stages', 'diff', '2', '4'],
      message: /^UNKNOWN_STAGE: stage 4 is not built yet/m,
      next: 'npx threshold stages list',
    },
    {
      what: 'migration',
      args: ['migrate', 'mongo-casandra'],
      message: /^UNKNOWN_MIGRATION: .*did you mean mongo-cassandra\?/,
      next: 'npx threshold migrate',
    },
    {
      what: 'step',
      args: ['migrate', 'mongo-cassandra', 'cutovr'],
      message: /^UNKNOWN_STEP: .*did you mean cutover\?/,
      next: 'npx threshold migrate --help',
    },
    {
      what: 'stage to compare',
      args: ['stages', 'diff', '1', '9'],
      message: /^UNKNOWN_STAGE: there is no stage 9;/,
      next: 'npx threshold stages list',
    },
    {
      what: 'stage to test',
      args: ['test', '8'],
      message: /^UNKNOWN_STAGE: there is no stage 8;/,
      next: 'npx threshold stages list',
    },
    {
      what: 'engine',
      args: ['stage', '1', '--engine', 'dokcer'],
      message: /^INVALID_ARGUMENT: .*did you mean docker\?/,
      next: 'npx threshold stage --help',
    },
    {
      what: 'lab',
      args: ['lab', '1.l'],
      message: /^UNKNOWN_LAB: .*"1\.l".*did you mean 1\.1\?/,
      next: 'npx threshold lab list',
    },
    {
      what: 'bench',
      args: ['bench', 'nosuchbench'],
      message: /^UNKNOWN_BENCH: .*"nosuchbench"/,
      next: 'npx threshold bench',
    },
  ])(
    'as a $what is rejected with the closest word and the next step, and no stack',
    async ({ args, message, next }) => {
      const { code, stdout, stderr } = await runInProcess(args)
      expect(stderr).toMatch(message)
      expect(stderr.trimEnd().split('\n').at(-1)).toBe(`  → ${next}`)
      expect(stderr).not.toMatch(/^\s+at /m)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    },
  )

  it.each(['-1', '70000', '80a', ''])(
    'as a port (%j) is rejected with the bounds',
    async (port) => {
      const { code, stderr } = await runInProcess(['stage', '1', `--port=${port}`])
      expect(stderr).toContain('whole number from 0 to 65535')
      expect(code).toBe(2)
    },
  )

  it('is reported on stderr, with exit code 2', async () => {
    const { code, stdout, stderr } = await threshold(['stage', '7'])
    expect(stderr).toMatch(/^UNKNOWN_STAGE: .*\n {2}→ npx threshold stages list\n$/)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('prints a stack when THRESHOLD_DEBUG is set', async () => {
    const { stderr } = await threshold(['stage', '7'], { env: { THRESHOLD_DEBUG: '1' } })
    expect(stderr).toMatch(/^\s+at /m)
  })
})
