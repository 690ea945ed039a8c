import { sweep } from '../../src/registry/sweep.ts'

process.stdout.write(`${JSON.stringify(await sweep({ all: process.argv[2] === 'all' }))}\n`)
