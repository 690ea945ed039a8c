import { type SmallDisk, smallDisk, smallDiskProblem } from '@threshold/engines/testing'
import { describe, expect, it, vi } from 'vitest'
import type { FaultTargets } from './processes.ts'
import { newSender } from './sender.ts'

const SUITE_MS = 300_000
const WAIT = { timeout: 60_000, interval: 200 }

export interface FullDisk {
  /** The size of the disk: room for the engine, its first allocation, and some more. */
  readonly megabytes: number
  readonly open: (disk: SmallDisk, onOutput: (text: string) => void) => Promise<FaultTargets>
  /** The name of the readiness check in /readyz and in the log. */
  readonly check: string
}

interface Ready {
  readonly status: number
  readonly reasons: Readonly<Record<string, string>>
}

const readyz = async (url: string): Promise<Ready> => {
  const answer = await fetch(`${url}/readyz`)
  const { reasons = {} } = (await answer.json()) as { reasons?: Record<string, string> }
  return { status: answer.status, reasons }
}

/**
 * The disk of the database fills up, and then has room again. Meanwhile the stage reports that it
 * cannot serve, why, and what helps. It recovers with the database, which may need a restart.
 */
export function testFullDisk(name: string, { megabytes, open, check }: FullDisk): void {
  const why = smallDiskProblem()
  const title = why === undefined ? name : `${name} (skipped: ${why})`
  describe.skipIf(why !== undefined)(
    `${title}, with the disk of its database full`,
    { timeout: SUITE_MS },
    () => {
      it('is not ready while sends fail, logs why, and recovers', async () => {
        await using disk = await smallDisk(megabytes)
        let log = ''
        await using targets = await open(disk, (text) => {
          log += text
        })
        const { stage, engine } = targets
        const sender = await newSender(stage.url)
        const before = await sender.sendUntilAcknowledged('before')
        expect(await readyz(stage.url)).toEqual({ status: 200, reasons: {} })

        await disk.fill()
        // Engines reserve space in advance, and fill it first.
        const long = 'x'.repeat(1_900)
        let round = 0
        await vi.waitFor(
          async () => {
            round += 1
            const sent = await Promise.all(
              Array.from({ length: 100 }, (_, i) => sender.send(`full-${round}-${i}`, long)),
            )
            expect(sent.every(({ status }) => status === 503)).toBe(true)
          },
          { ...WAIT, timeout: 150_000 },
        )
        await vi.waitFor(async () => expect((await readyz(stage.url)).status).toBe(503), WAIT)
        const { reasons } = await readyz(stage.url)
        expect(reasons[check]).toMatch(/disk (is full|space).*restart/s)
        expect(stage.exitReason()).toBeUndefined()
        // It stays unready: an answer of the database that needs no disk does not change that.
        for (let i = 0; i < 5; i++) expect((await readyz(stage.url)).status).toBe(503)

        await disk.free()
        // Some engines recover by themselves. Others need the restart that the reason suggests.
        const canSend = async (): Promise<boolean> => (await sender.send('freed')).status === 200
        if (!(await canSend())) {
          expect((await readyz(stage.url)).status).toBe(503)
          await engine.restart()
        }
        await vi.waitFor(async () => expect((await readyz(stage.url)).status).toBe(200), WAIT)
        const after = await sender.sendUntilAcknowledged('after')
        const ids = (await sender.history()).map(({ id }) => id)
        expect(ids).toEqual(expect.arrayContaining([before, after]))

        const lines = log
          .split('\n')
          .filter(
            (line) =>
              line.includes('not ready: requests fail') && line.includes(`"check":"${check}"`),
          )
        expect(lines.length).toBeGreaterThanOrEqual(1)
        expect(lines.length).toBeLessThanOrEqual(5)
        expect(log).toContain('ready again')
      })
    },
  )
}
