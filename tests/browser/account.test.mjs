import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { lookAt } from './support/look.mjs'
import { ADA, fillIn, personAt, startWorld } from './support/world.mjs'

const NEW_PASSWORD = 'gravel oboe marmalade'

let world
let profile
let page

before(async () => {
  world = await startWorld('browser-account')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = await openProfile(world.browser)
  page = await profile.newPage()
})
afterEach(() => profile?.close())

/** Opens an account page, signing in on the way if that is asked. */
async function openAccount(path = '', password = ADA.password, on = page) {
  await on.goto(`${world.issuer}/account${path}`)
  if (await on.locator('button[name=login]').count()) await fillIn(on, { ...ADA, password })
  await on.locator('nav.sections').waitFor()
}

async function allow(parameters) {
  await page.goto(`${world.application.origin}/start?${new URLSearchParams(parameters)}`)
  if (await page.locator('button[name=login]').count()) await fillIn(page, ADA)
  if (await page.locator('button[name=accept]').count()) await page.locator('button[name=accept]').click()
  await personAt(page)
}

test('signing in for the account looks as for an application and leads to the profile', async () => {
  await page.goto(`${world.issuer}/account`)
  await page.getByText('to manage your account').waitFor()
  await lookAt(page, 'account-sign-in')
  await fillIn(page, ADA)

  await page.getByRole('heading', { name: 'Your profile', level: 1 }).waitFor()
  assert.equal(new URL(page.url()).pathname, new URL(`${world.issuer}/account`).pathname)
  await lookAt(page, 'account-profile')
})

test('what is wrong with a profile takes focus, is linked to its field, and what was typed stays', async () => {
  await openAccount()
  await page.getByLabel('Website').fill('javascript:alert(1)')
  await page.getByLabel('Nickname').fill('Addie')
  await page.getByRole('button', { name: 'Save profile' }).click()

  await page.getByRole('alert').waitFor()
  assert.match(await page.locator(':focus').innerText(), /There is a problem/)
  assert.equal(await page.getByLabel('Nickname').inputValue(), 'Addie')
  await page.getByRole('link', { name: /^Website/ }).click()
  assert.equal(await page.locator(':focus').getAttribute('name'), 'website')
  await lookAt(page, 'account-profile-refused')

  await page.getByLabel('Website').fill('https://ada.example/')
  await page.getByLabel('Time zone').selectOption('Europe/London')
  await page.getByRole('button', { name: 'Save profile' }).click()
  await page.getByRole('status').waitFor()
  assert.equal(await page.getByLabel('Website').inputValue(), 'https://ada.example/')
  assert.equal(await page.getByLabel('Time zone').inputValue(), 'Europe/London')
})

test('sessions are told apart and ended', async () => {
  const phone = await openProfile(world.browser, {
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
      'Version/26.0 Mobile/15E148 Safari/604.1',
  })
  const elsewhere = await phone.newPage()
  await openAccount('', ADA.password, elsewhere)
  await allow({ client: 'billing' })
  await openAccount('/sessions')

  await page.getByRole('heading', { name: /Chrome on Linux.*This device/ }).waitFor()
  const row = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Safari on iPhone' }) })
  await row.first().waitFor()
  await lookAt(page, 'account-sessions')
  await row.first().getByRole('button', { name: 'Sign out' }).click()

  await page.getByText('That browser is signed out.').waitFor()
  await elsewhere.reload()
  await elsewhere.locator('button[name=login]').waitFor()
  await phone.close()
})

test('an application is listed with what it may do until its access is removed', async () => {
  await openAccount('/applications')
  await lookAt(page, 'account-applications-none')
  await allow({ client: 'partner' })
  await allow({ client: 'billing', scope: 'openid profile offline_access' })
  await openAccount('/applications')
  await page.getByRole('heading', { name: 'Partner Reports' }).waitFor()
  await lookAt(page, 'account-applications')

  for (const left of [1, 0]) {
    await page.getByRole('button', { name: 'Remove access' }).first().click()
    await page.getByRole('status').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Remove access' }).count(), left)
  }
})

test('the password is changed by keyboard alone and this browser stays signed in', async () => {
  await openAccount('/password')
  await lookAt(page, 'account-password')
  await page.getByLabel('Current password', { exact: true }).focus()
  await page.keyboard.type('wrong')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await lookAt(page, 'account-password-refused')

  const type = async (label, text) => {
    await page.getByLabel(label, { exact: true }).focus()
    await page.keyboard.type(text)
  }
  await type('Current password', ADA.password)
  await type('New password', NEW_PASSWORD)
  await type('Repeat the new password', NEW_PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByText('Your password was changed.').waitFor()
  await page.goto(`${world.issuer}/account`)
  await page.getByRole('heading', { name: 'Your profile', level: 1 }).waitFor()

  const another = await openProfile(world.browser)
  await openAccount('', NEW_PASSWORD, await another.newPage())
  await another.close()
})
