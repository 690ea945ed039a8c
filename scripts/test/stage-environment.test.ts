import { expect, it } from 'vitest'
import { stageEnvironment } from '../src/running-stage.ts'

it('passes the address settings on to the stage, but no empty ones', () => {
  const address = {
    THRESHOLD_PUBLIC_URL: 'https://chat.example',
    THRESHOLD_GATEWAY_URL: 'wss://gateway.example',
    THRESHOLD_ORIGINS: 'https://chat.example',
    THRESHOLD_TRUSTED_PROXIES: '10.0.0.0/8',
  }
  expect(stageEnvironment(undefined, address)).toMatchObject(address)
  const unset = stageEnvironment(undefined, { THRESHOLD_PUBLIC_URL: '', THRESHOLD_GATEWAY_URL: '' })
  for (const name of Object.keys(address)) expect(unset).not.toHaveProperty(name)
})
