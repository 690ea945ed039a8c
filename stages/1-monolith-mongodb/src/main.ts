import process from 'node:process'
import { start } from './compose.ts'
import { readConfig } from './config.ts'
import { runStage } from './process/run.ts'

await runStage(process, { name: 'stage-1', readConfig, start })
