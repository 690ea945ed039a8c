import { createHash } from 'node:crypto'
import { arch, cpus, freemem, hostname, loadavg, release, totalmem, type } from 'node:os'
import { z } from 'zod'

/** The machine that the figures were measured on. */
export const environmentSchema = z.object({
  cores: z.int(),
  cpu: z.string(),
  memoryBytes: z.number(),
  freeBytes: z.number(),
  loadAverage: z.tuple([z.number(), z.number(), z.number()]),
  os: z.string(),
  node: z.string(),
  /** One line that the report shows beside every figure. */
  text: z.string(),
})
export type Environment = z.infer<typeof environmentSchema>

export function readEnvironment(): Environment {
  const [one = 0, five = 0, fifteen = 0] = loadavg()
  const cpu = (cpus()[0]?.model ?? arch()).trim() || arch()
  const cores = cpus().length
  const os = `${type()} ${release()} ${arch()}`
  return {
    cores,
    cpu,
    memoryBytes: totalmem(),
    freeBytes: freemem(),
    loadAverage: [one, five, fifteen],
    os,
    node: process.version,
    text: `${cores} cores (${cpu}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${arch()}, Node ${process.version}`,
  }
}

/** Identifies this machine without revealing its host name, since users share their evidence. */
export const machineId = (): string =>
  createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
