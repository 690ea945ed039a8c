import { busyGuilds, defineLab, reported, time } from '@threshold/lab-kit'
import { countPartitionRows, LARGEST, LARGEST_BYTES } from './partitions.ts'

/** Both channels have the same daily rate; one is two months old and the other twenty. */
const MESSAGES_PER_DAY = 5
const historyOf = (days: number) => ({ messages: MESSAGES_PER_DAY * days, days, characters: 200 })
const base = busyGuilds({
  guilds: 1,
  online: 5,
  messagesPerSecond: 2,
  readsPerSecond: 10,
  seconds: 8,
  seed: 23,
})
const [guild] = base.groups

export default defineLab({
  id: '2.3',
  title: 'Buckets',
  question: 'What does a partition without buckets do?',
  hypothesis:
    'It grows for as long as the channel exists: at ten times the age it is ten times as large, and a node must store it whole. With ten-day buckets in the key, the largest partition stays the same.',
  minutes: { quick: 1, full: 2 },
  memory: '2 GB',

  load: {
    ...base,
    groups: [
      { ...guild!, name: 'young channels', history: historyOf(60) },
      { ...guild!, name: 'old channels', history: historyOf(600) },
    ],
  },
  arms: {
    // A bucket of a hundred years makes the whole channel one partition.
    unbucketed: {
      title: 'A channel is one partition',
      stage: 'stage-2',
      breaks: true,
      env: { THRESHOLD_BUCKET_DAYS: '36500' },
      intervention: countPartitionRows,
    },
    bucketed: {
      title: 'Ten-day buckets',
      stage: 'stage-2',
      intervention: countPartitionRows,
    },
  },

  measure: {
    youngLargest: reported(LARGEST.young, 'count', LARGEST.young),
    oldLargest: reported(LARGEST.old, 'count', LARGEST.old),
    bytes: reported(LARGEST_BYTES, 'bytes', `${LARGEST_BYTES}, if the lab started the node`),
    readYoung: time.readP50('young channels'),
    readOld: time.readP50('old channels'),
  },

  // Row counts of one run and their growth with age do not depend on machine or provider.
  expect: {
    unbucketed: ({ oldLargest, youngLargest }) => oldLargest.over(youngLargest).atLeast(8),
    bucketed: ({ oldLargest, youngLargest }) => oldLargest.over(youngLargest).atMost(2),
  },

  predict: [
    {
      text: 'One channel is ten times as old as another. A partition is a whole channel. How many times as large is the old channel’s largest partition?',
      answer: ({ unbucketed }) => unbucketed.oldLargest.over(unbucketed.youngLargest),
      range: [0.1, 100],
      wrongAnswers: [
        {
          answer: [0.5, 2],
          reveals:
            'You expect Cassandra to split a large partition. It never does: the key alone decides which rows belong together.',
        },
        {
          answer: [2.01, 7.9],
          reveals:
            'You expect old messages to be merged or dropped. Compaction merges files, not messages: every message stays a row.',
        },
      ],
    },
    {
      text: 'How many times as large is it if a partition is a channel and ten days?',
      answer: ({ bucketed }) => bucketed.oldLargest.over(bucketed.youngLargest),
      range: [0.1, 100],
      wrongAnswers: [
        {
          answer: [5, 100],
          reveals:
            'You expect buckets to grow with the channel. Their number grows; each one ends after ten days.',
        },
      ],
    },
  ],
  hints: [
    'Write down the partition key of each arm. Which messages share one value of it?',
    'Both channels have five messages a day. Count the messages that fall into one partition.',
    'Without buckets a partition holds 300 and 3,000 messages; with ten-day buckets it holds about 50 in both.',
  ],
  report: {
    sentence: ({ unbucketed, bucketed }) =>
      `At ten times the age, the largest partition is ${unbucketed.oldLargest.over(unbucketed.youngLargest)} as large without buckets (${unbucketed.oldLargest} rows) and ${bucketed.oldLargest.over(bucketed.youngLargest)} with them (${bucketed.oldLargest} rows).`,
    figures: ['old largest over young largest', 'old largest', 'young largest'],
    why: 'The partition key decides which rows stay together, on the same nodes, for ever. A channel as the key grows as long as people talk in it. A bucket of ten days in the key ends each partition after ten days. It follows from the message id, so no read is needed to find it.',
    code: {
      file: 'stages/2-cassandra/src/cassandra/schema.ts',
      line: 'PRIMARY KEY ((channel_id, bucket), message_id)',
    },
    charts: ['read-times'],
  },

  control: {
    text: 'neither arm uses buckets',
    env: { THRESHOLD_BUCKET_DAYS: '36500' },
    failsOn: ['bucketed: old largest over young largest'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 3, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    // All rounds write to the same channels. The messages of longer rounds would make the young
    // channels look months older.
    full: { repeats: 3, load: { seconds: 10, warmupSeconds: 3 } },
  },
})
