import { Op } from '@threshold/contract'
import { expect, onTestFinished, vi } from 'vitest'

/** Only a failure waits this long. */
export const WAIT = { timeout: 30_000, interval: 20 }

/** Posts to a stage, and repeats a request that a busy machine has answered 503. */
export const postTo =
  (url: string) =>
  (path: string, body: object, token = '') =>
    vi.waitFor(
      async () => {
        const response = await fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Authorization: `Bot ${token}` },
          body: JSON.stringify(body),
        })
        expect(response.ok, `${path}: ${response.status}`).toBe(true)
        return (await response.json()) as { readonly id: string; readonly token: string }
      },
      { ...WAIT, interval: 200 },
    )

interface Frame {
  readonly op: number
  readonly s: number | null
  readonly t: string | null
  readonly d: { readonly session_id?: string; readonly content?: string }
}

/** A gateway socket that sends this frame after HELLO. */
export function connect(url: string, op: Op, d: object) {
  const frames: Frame[] = []
  const socket = new WebSocket(`${url}/?v=10&encoding=json`)
  onTestFinished(() => socket.close())
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame
    frames.push(frame)
    if (frame.op === Op.Hello) socket.send(JSON.stringify({ op, d }))
  })
  return {
    frames,
    of: (type: string) => frames.filter(({ t }) => t === type),
    sequence: () => frames.findLast(({ s }) => s !== null)?.s ?? 0,
  }
}
