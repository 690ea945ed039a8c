import process from 'node:process'
import { runStage } from '@threshold/stage-1/run'
import { start } from './compose.ts'
import { readConfig } from './config.ts'

await runStage(process, { name: 'stage-2', readConfig, start })
