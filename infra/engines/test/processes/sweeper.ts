import { sweep } from '../../src/run/sweep.ts'

process.stdout.write(`${JSON.stringify(await sweep({ all: process.argv[2] === 'all' }))}\n`)
