import { Command, type CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { addBench } from './commands/bench.ts'
import { addChaos } from './commands/chaos.ts'
import { addCheck } from './commands/check.ts'
import { addCompare } from './commands/compare.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addDeploy } from './commands/deploy.ts'
import { addDocs } from './commands/docs.ts'
import { addDoctor } from './commands/doctor.ts'
import { addHint } from './commands/hint.ts'
import { addHistory } from './commands/history.ts'
import { addLab } from './commands/lab.ts'
import { addMigrate } from './commands/migrate.ts'
import { addNext } from './commands/next.ts'
import { addPrefetch } from './commands/prefetch.ts'
import { addProfile } from './commands/profile.ts'
import { addProgress } from './commands/progress.ts'
import { addQuarantine } from './commands/quarantine.ts'
import { addRecord } from './commands/record.ts'
import { addReport } from './commands/report.ts'
import { addReset } from './commands/reset.ts'
import { addSearch } from './commands/search.ts'
import { addStage } from './commands/stage.ts'
import { addStages } from './commands/stages.ts'
import { addStart } from './commands/start.ts'
import { addTest } from './commands/test.ts'
import { addWhy } from './commands/why.ts'
import type { CommandContext } from './context.ts'
import { reportError, UsageError } from './errors.ts'
import { terminal as ownTerminal, type Terminal } from './terminal.ts'

/** Runs one command line and returns the exit code. Without a word it runs `next`. */
export async function run(
  args: readonly string[],
  terminal: Terminal = ownTerminal,
): Promise<number> {
  let exitCode = 0
  const context: CommandContext = {
    terminal,
    setExitCode(code) {
      exitCode = code
    },
  }
  try {
    const words = args.length === 0 ? ['next'] : [...args]
    await createProgram(context).parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, terminal, process.env.THRESHOLD_DEBUG !== undefined)
  }
}

export function createProgram(context: CommandContext): Command {
  const program = new Command('threshold')
    .description(
      'One chat system built four times, and labs that measure where each architecture breaks.',
    )
    .usage('COMMAND [options]')
    .version(manifest.version)
    .helpCommand('help [COMMAND]', 'how to use a command')
    .configureHelp({ showGlobalOptions: false })
    // reportError prints all errors in one format. Commands added below inherit this setting.
    .configureOutput({ outputError: () => {} })
    .addHelpText(
      'after',
      `
Examples:
  npx threshold                     where you are, and one command to run next
  npx threshold doctor              what this machine can run, and what to install for better
  npx threshold start               stage 1, the first lab, and the chat page
  npx threshold lab 1.1 --quick     one lab, in a few minutes
  npx threshold stages diff 1 2     what one stage changes of the one before
  npx threshold docs                the story, the stages, the labs, the decisions
  npx threshold reset               end and remove all that a run left behind

Set THRESHOLD_DEBUG=1 to see stacks. Engines of your own: THRESHOLD_MONGODB_URI.`,
    )
  for (const add of [
    addStart,
    addDoctor,
    addStage,
    addNext,
    addLab,
    addHint,
    addWhy,
    addReport,
    addHistory,
    addCompare,
    addProgress,
    addStages,
    addQuarantine,
    addDeadLetters,
    addSearch,
    addDeploy,
    addProfile,
    addMigrate,
    addTest,
    addBench,
    addChaos,
    addPrefetch,
    addRecord,
    addReset,
    addDocs,
    addCheck,
  ])
    add(program, context)
  throwUsageErrors(program, 'npx threshold')
  return program
}

/** Makes commander throw instead of exiting, with the name of the command that was misused. */
function throwUsageErrors(command: Command, name: string): void {
  command.exitOverride((error: CommanderError) => {
    throw new UsageError(error, name)
  })
  for (const sub of command.commands) throwUsageErrors(sub, `${name} ${sub.name()}`)
}
