import { awayFromMidnight, busyGuilds, count, defineLab, reported } from '@threshold/lab-kit'
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
      title: 'A channel is one partition',
      stage: 'stage-2',
      breaks: true,
      env: { THRESHOLD_BUCKET_DAYS: '36500' },
      intervention: clearChannel,
    },
    // Buckets are one day, so that most of those in thirteen days have ended.
    bucketed: {
      title: 'One-day buckets',
      stage: 'stage-2',
      env: { THRESHOLD_BUCKET_DAYS: '1' },
      intervention: awayFromMidnight(clearChannel),
    },
  },

  measure: {
    deleted: reported(REPORTED.deleted, 'count', REPORTED.deleted),
    tombstonesScanned: reported(
      REPORTED.tombstonesScanned,
      'count',
      `${REPORTED.tombstonesScanned}, by Cassandra's own counter, which rounds up by at most a fifth`,
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

  predict: [
    {
      text: 'A moderator deletes 19,000 of 20,000 messages. The channel is one partition. How many tombstones does one read of the latest page scan?',
      answer: ({ unbucketed }) => unbucketed.tombstonesScanned,
      range: [0, 100_000],
      wrongAnswers: [
        {
          answer: 0,
          reveals:
            'You expect a delete to remove the row. Cassandra’s files never change: a delete is a write, and reads must scan it.',
        },
        {
          answer: [1, 1_000],
          reveals:
            'You expect a page of fifty to scan about fifty. The read stops after fifty living rows, and they lie behind all the deleted ones.',
        },
      ],
    },
    {
      text: 'A partition is a channel and a day, and the stage remembers empty days. How many tombstones does the worst read scan now?',
      answer: ({ bucketed }) => bucketed.tombstonesScanned,
      range: [0, 100_000],
      wrongAnswers: [
        {
          answer: 0,
          reveals:
            'You expect every empty day to be skipped. The stage has to read a day once before it knows that it is empty, and it never skips the current day.',
        },
        {
          answer: [1, 800],
          reveals:
            'You expect the tombstones to be spread evenly over the reads of a page. A day is one partition, and a read that finds no living row scans all of it.',
        },
        {
          answer: [5_000, 100_000],
          reveals:
            'You expect the read to scan all days together. It reads one partition at a time, and a day holds a thirteenth of the messages.',
        },
      ],
    },
  ],
  hints: [
    'The newest 95% are deleted. In which order does a read of the latest page meet the rows?',
    'The read stops after fifty living rows. How many deleted ones come before them?',
    'One partition: all 19,000. One day per partition: the messages of one day, about 1,500.',
  ],
  report: {
    sentence: ({ unbucketed, bucketed }) =>
      `One read of the latest page scanned ${unbucketed.tombstonesScanned} tombstones in a single partition, and at most ${bucketed.tombstonesScanned} with one-day buckets; a page took ${unbucketed.pageAfter.over(bucketed.pageAfter)} as long.`,
    figures: ['tombstones scanned over deleted', 'tombstones scanned', 'empty partitions read'],
    why: 'A delete is a write beside the data, and it stays for ten days so that no replica brings the message back. A read of the latest fifty messages passes every tombstone before the first living row. Buckets bound how many it can meet, and the stage skips buckets that it found empty.',
    code: {
      file: 'stages/2-cassandra/src/cassandra/pages.ts',
      line: 'void buckets.markEmpty(execute, channel, bucket, since)',
    },
    charts: ['cpu'],
  },

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
