import { busyGuilds, count, defineLab, reported } from '@threshold/lab-kit'
import { clearChannel, REPORTED } from './clear-channel.ts'

const base = busyGuilds({ guilds: 2, online: 5, messagesPerSecond: 4, seconds: 20, seed: 24 })

/** Thirteen days, since a client cannot bulk-delete messages older than fourteen. */
const FLOODED = { messages: 20_000, days: 13, characters: 60 }

export default defineLab({
  id: '2.4',
  title: 'Tombstones',
  question: 'Why did a channel with one message take 20 s?',
  hypothesis:
    'A delete is a write: it leaves a tombstone. A read of the latest page in a cleared channel scans all tombstones, every time. If partitions are split by time and the stage remembers the empty ones, a page skips them.',
  minutes: { quick: 2, full: 3 },
  memory: '2 GB',

  load: {
    ...base,
    groups: [
      ...base.groups,
      {
        name: 'cleared',
        guilds: 1,
        online: 1,
        channels: 1,
        messagesPerSecond: 0,
        readsPerSecond: 0,
        history: FLOODED,
      },
    ],
  },
  arms: {
    // A bucket of a hundred years makes the whole channel one partition, which never ends.
    unbucketed: {
      stage: 'stage-2',
      env: { THRESHOLD_BUCKET_DAYS: '36500' },
      intervention: clearChannel,
    },
    // Buckets are one day, so that most of those in thirteen days have ended.
    bucketed: { stage: 'stage-2', env: { THRESHOLD_BUCKET_DAYS: '1' }, intervention: clearChannel },
  },

  measure: {
    deleted: reported(REPORTED.deleted, 'count', REPORTED.deleted),
    tombstonesScanned: reported(
      REPORTED.tombstonesScanned,
      'count',
      `${REPORTED.tombstonesScanned}, by Cassandra's own counter`,
    ),
    emptyPartitionsRead: reported(
      REPORTED.emptyPartitionsRead,
      'count',
      REPORTED.emptyPartitionsRead,
    ),
    pageBefore: reported(REPORTED.pageBefore, 'ms', REPORTED.pageBefore),
    firstPageAfter: reported(REPORTED.firstPageAfter, 'ms', REPORTED.firstPageAfter),
    pageAfter: reported(REPORTED.pageAfter, 'ms', REPORTED.pageAfter),
    errors: count.errors(),
  },

  expect: {
    // One read scans nearly all tombstones.
    unbucketed: ({ tombstonesScanned, deleted, errors }) =>
      tombstonesScanned.over(deleted).atLeast(0.9).and(errors.is(0)),
    // A read scans at most the tombstones of one day. Later reads skip the days that have ended.
    bucketed: ({ tombstonesScanned, deleted, emptyPartitionsRead, errors }) =>
      tombstonesScanned
        .over(deleted)
        .atMost(0.2)
        .and(emptyPartitionsRead.atMost(1))
        .and(errors.is(0)),
  },
  expectAcross: ({ unbucketed, bucketed }) =>
    unbucketed.pageAfter.over(bucketed.pageAfter).atLeast(1.5),

  control: {
    text: 'neither arm splits partitions by time',
    env: { THRESHOLD_BUCKET_DAYS: '36500' },
    failsOn: ['bucketed: tombstones scanned over deleted'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 12, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 60, warmupSeconds: 3 } },
  },
})
