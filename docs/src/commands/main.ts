import { createProgram } from '../../../scripts/src/program.ts'
import { terminal } from '../../../scripts/src/terminal.ts'

/** A command as its own help describes it. */
export interface CommandHelp {
  readonly name: string
  readonly description: string
  /** The text that `npx threshold NAME --help` prints. */
  readonly help: string
}

// Prints every command of `threshold` as JSON.
const program = createProgram({ terminal, setExitCode: () => {} })
const commands = program.commands
  .map((command): CommandHelp => {
    let help = ''
    command.configureOutput({
      writeOut(text) {
        help += text
      },
      getOutHelpWidth: () => 96,
    })
    command.outputHelp()
    return { name: command.name(), description: command.description(), help: help.trim() }
  })
  .sort((a, b) => a.name.localeCompare(b.name))
process.stdout.write(JSON.stringify(commands))
