import { type SmallDisk, smallDisk, smallDiskProblem } from '@threshold/engines/testing'
import { describe, expect, it, vi } from 'vitest'
import type { FaultTargets } from './processes.ts'
import { newSender } from './sender.ts'

const SUITE_MS = 300_000
const WAIT = { timeout: 60_000, interval: 200 }

export interface FullDisk {
  /** The disk's size: room for an engine, its first allocation, and some more. */
  readonly megabytes: number
  readonly open: (disk: SmallDisk, onOutput: (text: string) => void) => Promise<FaultTargets>
  /** As /readyz and the log name it. */
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
 * The disk of a stage's database is full, and then has room again. The stage says that it cannot
 * serve while it cannot, why, and what helps; once the database serves again, after a restart where
 * it needs one, so does the stage.
 */
export function testFullDisk(name: string, { megabytes, open, check }: FullDisk): void {
  const why = smallDiskProblem()
  const title = why === undefined ? name : `${name} (skipped: ${why})`
  describe.skipIf(why !== undefined)(
    `${title}, with the disk of its database full`,
    { timeout: SUITE_MS },
    () => {
      it('answers /readyz as it answers sends and reads, says why once, and serves again', async () => {
        await using disk = await smallDisk(megabytes)
        let log = ''
        await using victims = await open(disk, (text) => {
          log += text
        })
        const { stage, engine } = victims
        const place = await newSender(stage.url)
        const before = await place.sendUntilAcknowledged('before')
        expect(await readyz(stage.url)).toEqual({ status: 200, reasons: {} })

        await disk.fill()
        // An engine keeps some room to itself, and writes into that first.
        const long = 'x'.repeat(1_900)
        let round = 0
        await vi.waitFor(
          async () => {
            round += 1
            const sent = await Promise.all(
              Array.from({ length: 100 }, (_, i) => place.send(`full-${round}-${i}`, long)),
            )
            expect(sent.every(({ status }) => status === 503)).toBe(true)
          },
          { ...WAIT, timeout: 150_000 },
        )
        await vi.waitFor(async () => expect((await readyz(stage.url)).status).toBe(503), WAIT)
        const { reasons } = await readyz(stage.url)
        expect(reasons[check]).toMatch(/disk is full.*restart/s)
        expect(stage.exitReason()).toBeUndefined()
        // And it stays so: no answer of the database to something that needs no disk changes that.
        for (let i = 0; i < 5; i++) expect((await readyz(stage.url)).status).toBe(503)

        await disk.free()
        // Some engines recover by themselves. The others are restarted, as the reason says.
        const served = async (): Promise<boolean> => (await place.send('freed')).status === 200
        if (!(await served())) {
          expect((await readyz(stage.url)).status).toBe(503)
          await engine.restart()
        }
        await vi.waitFor(async () => expect((await readyz(stage.url)).status).toBe(200), WAIT)
        const after = await place.sendUntilAcknowledged('after')
        const ids = (await place.history()).map(({ id }) => id)
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
