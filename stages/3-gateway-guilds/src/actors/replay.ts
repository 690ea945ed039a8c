import { writeJson } from '@threshold/contract'
import type { HubEvent, LogPosition } from '@threshold/ports'
import type { LinkSender } from '../nats/link.ts'
import type { EventHead, Slots } from '../wire/link.ts'
import type { RecentRecords } from './recent-records.ts'
import { type EventRecord, isBefore } from './records.ts'

interface Replayed {
  readonly guild?: string
  readonly user?: string
}

/**
 * Sends a gateway what its sessions have missed, as the owner before would have sent it. `slotsNow`
 * decides on an event of a time at which the owner knew no session of this gateway, and
 * `beforeUnknown` is called before the first of them, or at the end if there is none, with the
 * position after which it comes.
 */
export function replay(
  { records, link }: { readonly records: RecentRecords; readonly link: LinkSender },
  of: Replayed,
  { gateway, after }: { readonly gateway: string; readonly after: LogPosition },
  slotsNow: (record: EventRecord) => Slots | undefined,
  beforeUnknown: (position: LogPosition) => void = () => {},
): void {
  link.send(gateway, { kind: 'replay', ...of })
  let isKnown = true
  let last = after
  for (const record of records.of(of.guild ?? of.user!)) {
    const { event, position, audience } = record
    if (!isBefore(after, position)) continue
    if (isKnown && !audience.has(gateway)) {
      isKnown = false
      beforeUnknown(last)
    }
    last = position
    const slots = audience.get(gateway) ?? slotsNow(record)
    if (slots === undefined) continue
    link.send(
      gateway,
      { kind: 'event', ...of, slots, position, event: headOf(event) },
      dataOf(event),
    )
  }
  if (isKnown) beforeUnknown(last)
}

export const headOf = ({ v, id, type, channelId, authorId, mentions }: HubEvent): EventHead => ({
  v,
  id,
  type,
  ...(channelId === undefined ? {} : { channelId }),
  ...(authorId === undefined ? {} : { authorId }),
  ...(mentions === undefined ? {} : { mentions: [...mentions] }),
})

export const dataOf = (event: HubEvent): Uint8Array =>
  event.json ?? Buffer.from(writeJson(event.data))
