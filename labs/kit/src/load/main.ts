import { CodedError, messageOf } from '@threshold/kit'
import { createGenerator, type Generator } from './generator.ts'
import type { GeneratorCommand, GeneratorEvent } from './plan.ts'

/*
 * The load generator's process. It shares neither event loop nor garbage collector with the stage
 * or the lab, and the report states its CPU. It exits when its parent closes the IPC channel.
 */
let generator: Generator | undefined

const emit = (event: GeneratorEvent): void => {
  process.send?.(event)
}

async function handle(command: GeneratorCommand): Promise<void> {
  try {
    if (command.type === 'prepare') {
      generator = createGenerator(command.plan, emit)
      await generator.prepare()
      emit({ type: 'ready' })
    } else await generator?.run()
  } catch (error) {
    emit({
      type: 'failed',
      code: error instanceof CodedError ? error.code : 'GENERATOR_FAILED',
      message: messageOf(error),
    })
  }
}

process.on('message', (message) => void handle(message as GeneratorCommand))
process.on('disconnect', () => process.exit(0))
