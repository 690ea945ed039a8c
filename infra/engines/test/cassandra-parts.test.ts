import { describe, expect, it } from 'vitest'
import { parseCassandraUri, withKeyspace } from '../src/cassandra/address.ts'
import { overlapsPause, parsePauses } from '../src/cassandra/gc-log.ts'
import { describeFailure, parseHistograms } from '../src/cassandra/nodetool.ts'

const LOG = `[2026-11-25T13:45:46.100+0000][info][gc,start    ] GC(0) Pause Young (Normal) (G1 Evacuation Pause)
[2026-11-25T13:45:46.123+0000][info][safepoint   ] Safepoint "G1CollectForAllocation", Time since last: 12 ns, Reaching safepoint: 34 ns, Cleanup: 5 ns, At safepoint: 6 ns, Total: 20000000 ns
[2026-11-25T13:45:50.000+0000][info][safepoint   ] Safepoint "Cleanup", Time since last: 1 ns, Reaching safepoint: 2 ns, Cleanup: 3 ns, At safepoint: 4 ns, Total: 1500000 ns
half a line at the end of a killed node's log [2026-11-`

describe('a JVM log', () => {
  const end = Date.UTC(2026, 10, 25, 13, 45, 46, 123)
  it('contains the start and end of each pause', () => {
    expect(parsePauses(LOG)).toEqual([
      { start: end - 20, end, reason: 'G1CollectForAllocation' },
      {
        start: Date.UTC(2026, 10, 25, 13, 45, 50) - 1.5,
        end: Date.UTC(2026, 10, 25, 13, 45, 50),
        reason: 'Cleanup',
      },
    ])
  })

  it('separates the periods that overlap a pause from the others', () => {
    const pauses = parsePauses(LOG)
    expect(overlapsPause(pauses, end - 30, end - 21)).toBe(false)
    expect(overlapsPause(pauses, end - 30, end - 20)).toBe(true)
    expect(overlapsPause(pauses, end - 10, end - 5)).toBe(true)
    expect(overlapsPause(pauses, end + 1, end + 100)).toBe(false)
    expect(overlapsPause([], 0, 1)).toBe(false)
  })
})

describe('the histograms of nodetool', () => {
  it('contain the number of sstables that a read touches', () => {
    const text = `threshold/messages histograms
Percentile      Read Latency     Write Latency          SSTables    Partition Size        Cell Count
                    (micros)          (micros)                             (bytes)
50%                   315.85             61.21              1.00             24601              1331
75%                   379.02             73.46              1.00             24601              1331
99%                  1131.75            219.34              3.00             29521              1597`
    expect(parseHistograms(text)).toEqual({
      sstablesP50: 1,
      sstablesP99: 3,
      readP50Ms: 0.31585,
      readP99Ms: 1.13175,
    })
    expect(() => parseHistograms('No SSTables exists')).toThrow(/printed no SSTables/)
  })
})

describe('a failed nodetool', () => {
  it('reports the error and the failed step without the stack trace', () => {
    const stderr = `error: Repair job has failed with the error message: Some repair failed
-- StackTrace --
java.lang.RuntimeException: Repair job has failed
\tat org.apache.cassandra.tools.RepairRunner.run(RepairRunner.java:73)
`
    const stdout = `[2026-11-26 07:00:00,000] Starting repair command #1
[2026-11-26 07:00:01,000] Repair session 1 for range [(1,2]] failed with error Validation failed
`
    expect(describeFailure('exit code 2', stdout, stderr)).toBe(
      'exit code 2; error: Repair job has failed with the error message: Some repair failed; [2026-11-26 07:00:01,000] Repair session 1 for range [(1,2]] failed with error Validation failed',
    )
  })

  it('reports the exit code without output, and the whole output without a stack trace', () => {
    expect(describeFailure('no answer within 120 s', '', '')).toBe('no answer within 120 s')
    expect(
      describeFailure('exit code 1', '', 'nodetool: Failed to connect\n  to 127.0.0.1:7199\n'),
    ).toBe('exit code 1; nodetool: Failed to connect; to 127.0.0.1:7199')
  })
})

describe('the address of a Cassandra', () => {
  it('contains nodes, port, data centre and keyspace', () => {
    expect(parseCassandraUri('cassandra://127.0.0.1,127.0.0.2:9142/chat?dc=dc1')).toEqual({
      contactPoints: ['127.0.0.1', '127.0.0.2'],
      port: 9142,
      localDataCenter: 'dc1',
      keyspace: 'chat',
      credentials: undefined,
    })
    expect(parseCassandraUri('cassandra://ada:s%40crets@db:9042')).toMatchObject({
      credentials: { username: 'ada', password: 's@crets' },
    })
  })

  it('accepts another keyspace', () => {
    for (const uri of ['cassandra://h:1/?dc=d', 'cassandra://h:1/old?dc=d'])
      expect(withKeyspace(uri, 'new')).toBe('cassandra://h:1/new?dc=d')
  })

  it('is rejected without quoting a password', () => {
    expect(() => parseCassandraUri('cassandra://ada:secret@')).toThrow(/^(?!.*secret)/)
  })
})
