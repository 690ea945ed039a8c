import type { Case } from '../case.ts'
import { gatewayCases, slowGatewayCases } from './gateway/index.ts'
import { restCases } from './rest/index.ts'

/**
 * Every case of the contract. The slow ones, which wait for a timeout, come first, so that others
 * run beside them.
 */
export const allCases: readonly Case[] = [...slowGatewayCases, ...restCases, ...gatewayCases]
