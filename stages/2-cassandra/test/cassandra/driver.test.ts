import { errors, type policies, types } from 'cassandra-driver'
import { describe, expect, it } from 'vitest'
import type { CassandraConfig } from '../../src/cassandra/database.ts'
import { config, recordedDriver } from './recorded-driver.ts'

const { rethrow, retry } = { rethrow: 0, retry: 1 } satisfies Record<
  string,
  policies.retry.DecisionInfo['decision']
>
const { localQuorum } = types.consistencies
const operation = (isIdempotent: boolean) =>
  ({
    executionOptions: { isIdempotent: () => isIdempotent },
    nbRetry: 0,
  }) as unknown as policies.retry.OperationInfo

describe('the driver', () => {
  it('repeats a statement after a lost node or batch log only if it is marked idempotent', async () => {
    const { retry: policy } = (await recordedDriver(config)).driver.policies
    const decisions = (isIdempotent: boolean) => {
      const info = operation(isIdempotent)
      return [
        policy.onRequestError(info, localQuorum, new Error('reset')).decision,
        policy.onWriteTimeout(info, localQuorum, 0, 1, 'BATCH_LOG').decision,
      ]
    }
    expect(decisions(false)).toEqual([rethrow, rethrow])
    expect(decisions(true)).toEqual([retry, retry])
  })

  it('asks no other node after a time-out', async () => {
    const { retry: policy } = (await recordedDriver(config)).driver.policies
    const late = new errors.OperationTimedOutError('late', '127.0.0.1')
    expect(policy.onRequestError(operation(true), localQuorum, late).decision).toBe(rethrow)
  })

  it('takes an unmarked statement as not idempotent', async () => {
    const { queryOptions } = (await recordedDriver(config)).driver
    expect(queryOptions.isIdempotent ?? false).toBe(false)
  })

  it('asks one second node, or none where speculation is off', async () => {
    const delays = async (more: Partial<CassandraConfig>) => {
      const { driver } = await recordedDriver({ ...config, ...more })
      const plan = driver.policies.speculativeExecution.newPlan('', '')
      return [plan.nextExecution(), plan.nextExecution()]
    }
    expect(await delays({})).toEqual([expect.toSatisfy((ms) => ms > 0), -1])
    const off = await delays({ speculate: false })
    expect(off).not.toContainEqual(expect.toSatisfy((ms) => ms >= 0))
  })
})
