import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { lookAt } from './support/look.mjs'
import { ADA, fillIn, personAt, startWorld } from './support/world.mjs'

let world
let profile
let page

before(async () => {
  world = await startWorld('browser-consent')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = await openProfile(world.browser)
  page = await profile.newPage()
})
afterEach(() => profile?.close())

async function startAt(client, parameters = {}) {
  await page.goto(`${world.application.origin}/start?${new URLSearchParams({ client, ...parameters })}`)
  if (await page.locator('input[name=password]').count()) await fillIn(page, ADA)
}

// One after the other: what was agreed to is remembered on the server.
test('a person is asked, may refuse, and is asked again until she agrees', async (steps) => {
  await steps.test('refusing is access_denied', async () => {
    await startAt('partner')
    await page.locator('button[name=accept]').waitFor()
    assert.match(await page.locator('body').innerText(), /Partner Reports/)
    await lookAt(page, 'consent')
    await page.locator('button[name=cancel]').click()

    assert.equal(await page.locator('#error').textContent(), 'access_denied')
  })

  await steps.test('agreeing signs in', async () => {
    await startAt('partner')
    await page.locator('button[name=accept]').click()

    assert.equal((await personAt(page)).email, ADA.username)
  })

  await steps.test('what was agreed to is not asked again', async () => {
    await startAt('partner')

    assert.equal((await personAt(page)).email, ADA.username)
  })

  await steps.test('prompt=consent asks all the same', async () => {
    await startAt('partner', { prompt: 'consent', response_mode: 'form_post' })
    await page.locator('button[name=accept]').click()

    assert.equal((await personAt(page)).email, ADA.username)
  })
})

test('an application of the house asks for nothing', async () => {
  await startAt('billing')

  assert.equal((await personAt(page)).email, ADA.username)
})
