import { CodedError, messageOf } from '@threshold/kit'
import { createGenerator, type Generator } from './generator.ts'
import type { GeneratorCommand, GeneratorEvent } from './plan.ts'

/*
 * The load generator's process. It shares neither event loop nor garbage collector with what it
 * measures, nor with the lab that judges it, and its CPU is told beside the figures. It ends with
 * its parent: without the channel it has no purpose.
 */
let generator: Generator | undefined

const tell = (message: GeneratorEvent): void => {
  process.send?.(message)
}

async function obey(message: GeneratorCommand): Promise<void> {
  try {
    if (message.type === 'prepare') {
      generator = createGenerator(message.plan, tell)
      await generator.prepare()
      tell({ type: 'ready' })
    } else await generator?.run()
  } catch (error) {
    tell({
      type: 'failed',
      code: error instanceof CodedError ? error.code : 'GENERATOR_FAILED',
      message: messageOf(error),
    })
  }
}

process.on('message', (message) => void obey(message as GeneratorCommand))
process.on('disconnect', () => process.exit(0))
