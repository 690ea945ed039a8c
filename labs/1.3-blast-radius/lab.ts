import { at, busyGuilds, count, defineLab, mention } from '@threshold/lab-kit'

/** The push title is cut after twenty UTF-16 code units, which splits the tree emoji in half. */
const SPLIT_EMOJI_NAME = 'Radia Perlman (STP)\u{1F333}'
const PLAIN_NAME = 'Radia Perlman (STP)'

export default defineLab({
  id: '1.3',
  title: 'Blast radius',
  question: 'What does one unhandled bug in notifications take down?',
  hypothesis:
    'Everything. In a monolith, push notifications share a process with messages, so one name that cannot be encoded takes down every guild and drops every socket.',
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
    // A user with an ordinary name mentions a member.
    harmless: {
      title: 'A name that fits',
      stage: 'stage-1',
      fault: at({ second: 1 }, mention({ displayName: PLAIN_NAME })),
    },
    // The user's name ends in an emoji. The variable gives this arm a stage of its own, so that the
    // push which remains in its outbox does not affect the other arm.
    crashing: {
      title: 'A name that is cut',
      stage: 'stage-1',
      breaks: true,
      fault: at({ second: 1 }, mention({ displayName: SPLIT_EMOJI_NAME })),
      env: { THRESHOLD_WORKER: '1' },
    },
  },

  measure: { guildsDown: count.guildsWithLostOrLate(), socketsDropped: count.socketsDropped() },

  // The load has ten guilds with ten users each.
  expect: {
    harmless: ({ socketsDropped }) => socketsDropped.is(0),
    crashing: ({ guildsDown, socketsDropped }) => guildsDown.is(10).and(socketsDropped.is(100)),
  },

  predict: [
    {
      text: 'One user in one guild has a name that the push code cannot encode. How many of the ten guilds go down?',
      answer: ({ crashing }) => crashing.guildsDown,
      range: [0, 10],
      wrongAnswers: [
        {
          answer: 0,
          reveals:
            'You expect the error to stay in the push. No code catches it, and an uncaught error ends a Node process.',
        },
        {
          answer: 1,
          reveals:
            'You expect a guild to be isolated. Nothing isolates it here: all guilds share the process that died.',
        },
        {
          answer: [2, 9],
          reveals:
            'You expect damage that spreads step by step. A process ends at once, with everything in it.',
        },
      ],
    },
    {
      text: 'How many of the hundred sockets are dropped?',
      answer: ({ crashing }) => crashing.socketsDropped,
      range: [0, 100],
      wrongAnswers: [
        {
          answer: [0, 1],
          reveals:
            'You expect only the user with the name to notice. The sockets belong to the process, and the kernel closes them when it ends.',
        },
        {
          answer: [2, 20],
          reveals:
            'You expect the guild of the mention to be affected. Its ten sockets are no different from the other ninety.',
        },
        {
          answer: [21, 99],
          reveals:
            'You expect some sockets to outlive the process. A socket has no owner but its process, so all of them close at once.',
        },
      ],
    },
  ],
  hints: [
    'Find the code that makes a push. What does it do with a long name?',
    "JavaScript's strings are UTF-16: an emoji takes two code units, and `slice` counts code units.",
    'Half an emoji makes encodeURIComponent throw. Look for the code that would catch it, and for everything else in that process.',
  ],
  report: {
    sentence: ({ crashing, harmless }) =>
      `One name took down ${crashing.guildsDown} of 10 guilds and dropped ${crashing.socketsDropped} of 100 sockets; the same load with a name that fits, ${harmless.guildsDown} and ${harmless.socketsDropped}.`,
    figures: ['guilds down', 'sockets dropped'],
    why: 'The push title is cut after twenty UTF-16 code units, which splits an emoji in half. Half an emoji cannot be encoded, so the call throws. No code catches the error, and an uncaught error ends the process. Every guild and every socket lives in that process.',
    code: {
      file: 'stages/1-monolith-mongodb/src/notifications/push.ts',
      line: 'author.username.slice(0, MAX_NAME_LENGTH)',
    },
    charts: ['seconds', 'failures'],
  },

  control: {
    text: 'the name fits into the push title in both arms',
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
