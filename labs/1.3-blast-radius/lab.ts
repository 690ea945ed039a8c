import { at, busyGuilds, count, defineLab, mention } from '@threshold/lab-kit'

/** A name that a phone's title cuts after twenty UTF-16 code units: in the middle of the tree. */
const SPLIT_EMOJI_NAME = 'Radia Perlman (STP)\u{1F333}'
const PLAIN_NAME = 'Radia Perlman (STP)'

export default defineLab({
  id: '1.3',
  title: 'Blast radius',
  question: 'What does one unhandled bug in notifications take down?',
  hypothesis:
    'In a monolith, everything: pushes share a process with messages, so one name that a phone cannot show ends every guild and drops every socket.',
  minutes: { quick: 1, full: 2 },
  memory: '1 GB',

  load: busyGuilds({
    guilds: 10,
    online: 10,
    messagesPerSecond: 40,
    seconds: 6,
    seed: 7,
    timeoutSeconds: 2,
  }),
  arms: {
    // Somebody is mentioned, and that is all.
    harmless: { stage: 'stage-1', fault: at({ second: 1 }, mention({ displayName: PLAIN_NAME })) },
    // The same, by somebody whose name ends in an emoji. A stage of its own: what it leaves behind
    // is not to meet the other arm.
    crashing: {
      stage: 'stage-1',
      fault: at({ second: 1 }, mention({ displayName: SPLIT_EMOJI_NAME })),
      env: { THRESHOLD_WORKER: '1' },
    },
  },

  measure: { guildsDown: count.guildsWithLostOrLate(), socketsDropped: count.socketsDropped() },

  // All of them, in a stage of ten guilds with ten people each; and none, where the name fits.
  expect: {
    harmless: ({ socketsDropped }) => socketsDropped.is(0),
    crashing: ({ guildsDown, socketsDropped }) => guildsDown.is(10).and(socketsDropped.is(100)),
  },

  control: {
    text: 'the name fits on the phone',
    fault: at({ second: 1 }, mention({ displayName: PLAIN_NAME })),
    failsOn: ['crashing: guilds down', 'crashing: sockets dropped'],
    verdict: 'refuted',
  },

  sizes: {
    tiny: { repeats: 1, load: { seconds: 4, warmupSeconds: 0.5 } },
    quick: { repeats: 1 },
    full: { repeats: 1, load: { seconds: 30, warmupSeconds: 3 } },
  },
})
